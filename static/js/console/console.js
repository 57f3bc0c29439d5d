// The chair's console: keys and buttons move the room's screen, the mirror and the clock follow it, forms keep themselves.
import { isOff, isTyping } from "../typing.js";
import { clockOf, timeThere } from "./clock.js";
import { absolute, neighbour } from "./commands.js";
import { unpairing } from "./displays.js";
import { follow } from "./follow.js";
import { mirrorOf } from "./mirror.js";
import { notesOf } from "./notes.js";
import { outboxOf } from "./outbox.js";
import { partsOf } from "./parts.js";
import { post, wordsOf } from "./posting.js";
import { refusedOf, showRefused } from "./refused.js";
import { remoteOf } from "./remote.js";
import { sheetOf } from "./sheet.js";
import { controlText, showDisplays } from "./status.js";
import { windowId } from "./window.js";

const root = document.querySelector("[data-console]");
const bar = document.querySelector(".console-bar");
const LOOK_MS = 20_000;
const ROOM = ["agenda", "room", "state"];
const CASE = ["agenda", "room", "notes", "case"];

const me = windowId();
const parts = partsOf(root, () => notes.flush(), () => clock.draw());
const mirror = mirrorOf(root.querySelector("[data-mirror]"));
const clock = clockOf(root);
let screen = null;
let control = controlText(null, me);
let commandsWaiting = 0;
let textsWaiting = [];
let isDraftWaiting = false;
let isSignedOut = false;
let heldBack = ""; // the case that was not opened because another one is not saved
let coming = ""; // the case that was asked for and has not come yet
let openings = 0;

const remote = remoteOf({
  url: root.dataset.screenUrl,
  windowId: me,
  onState: seen,
  onRefused(status, said) {
    if (said.state) seen(said.state);
    if (status === 409) remote.drop();
    sayScreen(wordsOf(said) || (status === 401 ? "You are signed out. Sign in again in another tab; what you typed stays here." : "The screen did not move."));
  },
  onWaiting(count) { commandsWaiting = count; sayWaiting(); },
});

const outbox = outboxOf({
  user: root.dataset.user,
  merged: looked,
  conflicted: (entry, theirs) => notes.conflicted(entry, theirs),
  onSent(entry) { refused.taken(entry.id); notes.sent(entry); },
  onRefused(entry, status, said) { refused.add(entry, wordsOf(said) || `The server answered ${status}.`); notes.refused(entry, said); },
  onWaiting(entries, isOut) { textsWaiting = entries; isSignedOut = isOut; sayWaiting(); },
});
const refused = refusedOf({ user: root.dataset.user, onChange: showThem });
const notes = notesOf(root, outbox);

const timeHere = (iso) => timeThere(Date.parse(iso), root.querySelector("[data-clock]")?.dataset.ends ?? "");

// --- what the screen says ------------------------------------------------------------------------

const opened = () => root.querySelector("[data-opened]")?.dataset.opened ?? "";
/** The case that parts of the page are asked for: one that is on its way is not put back by what comes in between. */
const here = () => coming || opened();
const caseName = (item) => (line(item) ? `Case ${line(item).dataset.case}` : "The case");
const line = (item) => root.querySelector(`[data-part="agenda"] a[data-item="${CSS.escape(item ?? "")}"][data-number]`);

let isKnown;
const known = new Promise((resolve) => { isKnown = resolve; });

function seen(state) {
  const before = screen;
  if (before && state.version < before.version) return;
  screen = state;
  control = controlText(state.controller, me);
  showDisplays(bar, state.displays, timeHere);
  bar.querySelector("[data-control]").textContent = control.text;
  bar.querySelector("[data-take-over]").hidden = control.isMine;
  mirror.show(state);
  clock.set(state);
  showViews(state);
  showWhere(state);
  if (before && before.item !== state.item) follower(state);
  isKnown();
}

/** The form goes with the screen in the window that moves it; elsewhere a person may be writing about another case. */
function follower(state) {
  if (control.isMine && state.item && state.item !== here()) open(state.item);
  else parts.refresh(here(), ROOM);
}

function showViews(state) {
  const pressed = { blank: state.is_blank, sentence: state.shows_sentence, lesion: state.view === "lesion" };
  for (const button of root.querySelectorAll("[data-views] [aria-pressed]")) {
    const { command, value } = button.dataset;
    button.setAttribute("aria-pressed", String(pressed[command] ?? (command === "view" && value === state.view)));
  }
  const canMove = control.isMine;
  for (const button of root.querySelectorAll("[data-views] .button")) button.disabled = !canMove;
}

function showWhere(state) {
  const shown = line(state.item);
  const words = state.is_blank ? "Blank" : WORDS[state.view] ?? state.view;
  const where = state.item && shown ? `Case ${state.position} of ${state.count} · ${shown.dataset.case}` : "";
  const text = [words, OF_NO_CASE.has(state.view) ? "" : where].filter(Boolean).join(" · ");
  root.querySelector("[data-shown]").textContent = text;
  root.querySelector("[data-mirror]").setAttribute("aria-label", `The room sees: ${text}`);
  const elsewhere = root.querySelector("[data-elsewhere]");
  if (!elsewhere) return;
  const isHere = state.item === opened() && !OF_NO_CASE.has(state.view);
  elsewhere.hidden = isHere || !line(opened())?.hasAttribute("data-showable");
  elsewhere.querySelector("[data-elsewhere-text]").textContent = OF_NO_CASE.has(state.view) ? "The room does not see this case." : `The room sees case ${shown?.dataset.case ?? "of somebody else"}.`;
  elsewhere.querySelector("button").disabled = !control.isMine;
}

const OF_NO_CASE = new Set(["waiting", "test", "closed"]);
const WORDS = { waiting: "Waiting card", overview: "Overview", timeline: "Timeline", lesion: "Lesion", heatmap: "Heatmap", what_if: "What if", previous: "Last decision", test: "Test card", closed: "Meeting closed" };

// --- what a person does --------------------------------------------------------------------------

/** Not while the case that is open could not be saved; ``isForced``: the person has been told, and presses again. */
async function open(item, isForced = false) {
  const mine = (openings += 1);
  coming = item;
  hold(true);
  const isSaved = await leave();
  if (mine !== openings) return; // another case was asked for since
  if (!isSaved && !isForced) return holdBack(item);
  if (heldBack) sayScreen(heldBack = "");
  const isThere = await parts.refresh(item, CASE);
  if (mine !== openings) return;
  coming = "";
  hold(false);
  if (!isThere) return sayScreen("The case could not be opened: the server does not answer. What you typed stays here.");
  history.replaceState(null, "", `?item=${item}`);
  formCame();
}

function holdBack(item) {
  coming = "";
  hold(false);
  heldBack = item;
  sayScreen(`${caseName(opened())} is not saved, so it stays open here. Choose ${caseName(item).toLowerCase()} once more to open it all the same: what you typed is kept on this computer.`);
}

/** A form has come into the page: what waits for it comes back. */
function formCame() {
  notes.restore();
  document.dispatchEvent(new Event("decision:shown"));
  if (screen) { showWhere(screen); clock.draw(); }
}

/** The open case as the server has it now; a note being typed goes out first. */
async function again() {
  await notes.flush();
  if (await parts.refresh(here(), CASE)) formCame();
}

/** While the room sees the next case already, no key may reach the form of the last one. */
function hold(isHeld) {
  for (const name of ["case", "notes"]) root.querySelector(`[data-part="${name}"]`).toggleAttribute("inert", isHeld);
}

/** What is being typed goes out before the forms make room for another case. Whether the decision is saved; a note waits by itself. */
async function leave() {
  const until = [];
  document.dispatchEvent(new CustomEvent("decision:leave", { detail: { until } }));
  const [areSaved] = await Promise.all([Promise.all(until), notes.flush()]);
  return areSaved.every(Boolean);
}

async function press(action, value) {
  sayScreen("");
  await known;
  if (!control.isMine) return sayScreen(`${control.text}. Take over to move it.`);
  const command = absolute(action, value, remote.expected(screen));
  remote.send(command.action, command.value);
}

async function step(by) {
  await known;
  const showable = [...root.querySelectorAll('[data-part="agenda"] [data-showable]')].map((el) => el.dataset.item);
  const isNone = OF_NO_CASE.has(screen.view);
  const next = neighbour(showable, remote.asked() ?? screen.item, isNone && screen.item && !remote.asked() ? 0 : by);
  if (next) press("show", next);
  else sayScreen(by > 0 ? "This was the last case." : "This is the first case.");
}

root.addEventListener("click", clicked);
bar.addEventListener("click", clicked);
function clicked(event) {
  const link = event.target.closest("a[data-item]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(link.dataset.item, heldBack === link.dataset.item);
  }
  const button = event.target.closest("[data-command], [data-step], [data-take-over]");
  if (button?.dataset.command) press(button.dataset.command, button.dataset.value ?? "");
  else if (button?.dataset.step) step(Number(button.dataset.step));
  else if (button) askToTakeOver();
}

// Presenter remotes send PageDown and PageUp, wherever the cursor stands; arrows move the case only where they mean nothing else.
const STEPS = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
document.addEventListener("keydown", (event) => {
  const by = STEPS[event.key];
  if (!by || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const isOwn = isTyping(target) || target.matches("input, summary, [role=slider]");
  if (event.key.startsWith("Arrow") && (isOff() || isOwn)) return;
  event.preventDefault();
  step(by);
}, { capture: true });

const dialog = document.querySelector("[data-take-over-dialog]");
function askToTakeOver() {
  dialog.querySelector("[data-take-over-from]").textContent = control.name;
  dialog.returnValue = "";
  dialog.showModal();
}
dialog.addEventListener("close", () => {
  if (dialog.returnValue === "yes") remote.send("take_over");
});

const fieldsOf = (form, button) => Object.fromEntries([...new FormData(form, button)].map(([name, value]) => [name, String(value)]));

root.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-send], [data-seat]");
  if (!form) return;
  event.preventDefault();
  const isSeat = form.matches("[data-seat]");
  if (!isSeat && !await leave()) return say(form, "Not put off: the decision above is not saved yet.");
  const { status, said } = await post(form.action, fieldsOf(form, event.submitter));
  if (status === 200) return isSeat ? parts.refresh(here(), ["room"]) : again();
  const words = wordsOf(said) || "Not kept: the server does not answer. Press again when it is back.";
  if (isSeat) sayScreen(words);
  else say(form, words);
});

function say(form, words) { form.querySelector("[data-said]").textContent = words; }

const displaysSheet = sheetOf(bar.querySelector("[data-displays]"));
sheetOf(bar.querySelector("[data-refused]"));
bar.querySelector("[data-pair]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { status, said } = await post(form.action, { code: form.elements.code.value });
  const words = wordsOf(said) || "The server does not answer.";
  bar.querySelector("[data-pair-said]").textContent = status === 200 ? "" : words;
  if (status !== 200) return;
  form.reset();
  displaysSheet.close();
  sayScreen(words);
});

unpairing(bar.querySelector("[data-display-list]"), (said) => { bar.querySelector("[data-pair-said]").textContent = said; });

// --- words ---------------------------------------------------------------------------------------

function sayScreen(text) {
  const place = root.querySelector("[data-screen-said]");
  place.textContent = text;
  place.hidden = !text;
}

function sayWaiting() {
  const place = bar.querySelector("[data-outbox]");
  const number = commandsWaiting + textsWaiting.length + Number(isDraftWaiting);
  place.hidden = number === 0;
  const words = isSignedOut ? `Signed out: will send ${number} when you have signed in again in another tab` : `No answer: will send ${number} when it is back`;
  place.textContent = number ? words : "";
}

function showThem(list) { showRefused(bar.querySelector("[data-refused]"), list, (item) => line(item)?.dataset.case ?? "", (one) => refused.drop(one)); }

/** Before a text that waited is sent: what stands there now. Null while the server is away, words where the case is gone. */
async function looked(entry) {
  const [kind, ...rest] = entry.id.split("-");
  const response = await fetch(`${root.dataset.url}?item=${rest.join("-")}`, { redirect: "manual" }).catch(() => null);
  if (!response?.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const isThere = page.querySelector("[data-opened]")?.dataset.opened === rest.join("-");
  const theirs = isThere && page.querySelector(`[data-note="${kind === "private" ? "private" : "minuted"}"] textarea`);
  if (!theirs) return { gone: "The case is not on this agenda any more, or not yours to see." };
  return { ...entry, ...notes.conflicted(entry, theirs.defaultValue) };
}

addEventListener("beforeunload", (event) => {
  notes.flush();
  if (!outbox.isEmpty() || commandsWaiting) event.preventDefault();
});
// The decision form keeps and sends its own words; here is said what waits, and what a signature changes.
document.addEventListener("decision:unsent", (/** @type {any} */ event) => {
  isDraftWaiting = true;
  isSignedOut = event.detail.status === 401;
  sayWaiting();
});
document.addEventListener("decision:saved", () => { isDraftWaiting = isSignedOut = false; sayWaiting(); });
document.addEventListener("decision:signed", (event) => {
  event.preventDefault();
  again();
});

const query = `window=${encodeURIComponent(me)}`;
follow({
  stateUrl: `${root.dataset.screenUrl}?${query}`,
  eventsUrl: `${root.dataset.eventsUrl}?${query}`,
  onState: seen,
  onBeat: (beat) => clock.beat(beat),
  onLost: (isLost) => mirror.lost(isLost),
});
setInterval(() => { if (!document.hidden) parts.refresh(here(), ROOM); }, LOOK_MS);
notes.restore();
showThem(refused.list());
outbox.flush();
