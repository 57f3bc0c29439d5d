// The display of the room: follows the meeting by events, asks every three seconds where there are none, and keeps the
// last picture whatever happens. Nothing here can be pressed.

import { Frames } from "./screen-frames.js";
import { clockWords, SILENT_MS } from "./screen-words.js";

const POLL_MS = 3000;
const STREAM_AGAIN_MS = 20000;
const PAIRING_MS = 2000;

const root = /** @type {HTMLElement} */ (document.querySelector("[data-screen]"));
const word = /** @type {HTMLElement} */ (root.querySelector("[data-word]"));
const frames = new Frames(root);

/** @type {any} */
let state = null;
/** @type {EventSource | null} */
let source = null;
let heard = performance.now();
let began = performance.now();
let streamAfter = 0;
let asking = false;

ask();
setInterval(watch, 500);
setInterval(tick, 1000);

// --- what the server says ------------------------------------------------------------------------

function listen() {
  if (source || performance.now() < streamAfter || !state || state.view === "pairing") return;
  source = new EventSource(root.dataset.events ?? "");
  source.addEventListener("state", (event) => take(JSON.parse(event.data)));
  source.addEventListener("beat", (event) => beat(JSON.parse(event.data)));
  source.addEventListener("end", () => hangUp(0));
  source.addEventListener("stale", () => hangUp(POLL_MS));
  source.onerror = () => hangUp(source?.readyState === EventSource.CLOSED ? STREAM_AGAIN_MS : POLL_MS);
}

/** @param {number} pause */
function hangUp(pause) {
  source?.close();
  source = null;
  streamAfter = performance.now() + pause;
}

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const response = await fetch(root.dataset.state ?? "", { signal: AbortSignal.timeout(POLL_MS), redirect: "error" });
    if (response.status === 410) return await begin();
    if (!response.ok) throw new Error(String(response.status));
    take(await response.json());
  } catch {
    // the word "reconnecting" says it, see watch()
  } finally {
    asking = false;
  }
}

// Unpaired, or the meeting is long over: a new code, as soon as the server can give one.
async function begin() {
  const response = await fetch(window.location.href, { method: "GET", signal: AbortSignal.timeout(POLL_MS) });
  if (response.ok) window.location.reload();
}

let lastPoll = 0;
function watch() {
  const now = performance.now();
  const silent = now - heard;
  word.textContent = silent > SILENT_MS ? "reconnecting" : "";
  if (silent > SILENT_MS && source) hangUp(0);
  const pause = state?.view === "pairing" ? PAIRING_MS : POLL_MS;
  if (!source && now - lastPoll >= pause) {
    lastPoll = now;
    ask();
  }
  if (silent < SILENT_MS) listen();
}

// --- what the room sees --------------------------------------------------------------------------

/** @param {any} next */
function take(next) {
  heard = performance.now();
  if (state && next.view !== "pairing" && state.version > next.version && state.meeting === next.meeting) return;
  if (state && state.meeting !== next.meeting) frames.forget();
  state = next;
  began = performance.now() - 1000 * (next.seconds ?? 0);
  if (next.view === "pairing") return pairing(next);
  dress(next);
  show(next);
}

/** @param {any} said */
function beat(said) {
  heard = performance.now();
  began = heard - 1000 * said.seconds;
}

/** @param {any} next */
function dress(next) {
  const theme = next.theme === "light" ? "light" : "projector";
  root.dataset.theme = theme;
  document.documentElement.dataset.theme = theme;
  root.dataset.text = String(next.text);
}

/** @param {any} next */
async function show(next) {
  try {
    const element = await frames.get(next.frame);
    if (state !== next && state.frame?.stamp !== next.frame.stamp) return; // the chair has moved on meanwhile
    if (state.frame?.key !== next.frame.key) return;
    frames.paint(element);
    root.dataset.painted = next.frame.key;
    root.dataset.version = String(next.version);
    tick();
    await ahead(next);
  } catch {
    if (state === next) setTimeout(() => state === next && show(next), POLL_MS);
  }
}

/** @param {any} next */
async function ahead(next) {
  for (const wanted of next.ahead) {
    if (state !== next) return;
    await frames.get(wanted).catch(() => undefined);
  }
}

/** @param {any} next */
function pairing(next) {
  hangUp(0);
  const element = /** @type {HTMLElement} */ (root.querySelector("[data-key='pairing']"));
  const code = /** @type {HTMLElement} */ (element.querySelector("[data-code]"));
  if (code.textContent !== next.code) code.textContent = next.code;
  frames.paint(element);
}

function tick() {
  const place = frames.shown?.querySelector("[data-timer]");
  if (!place || !state) return;
  const said = state.is_timed ? clockWords((performance.now() - began) / 1000, state.planned_minutes) : "";
  if (place.textContent !== said) place.textContent = said;
}
