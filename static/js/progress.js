// Follows an import on the upload's page: counts per stage from JSON, tables from the page itself. Stops when done and shown.
import { handIsOff } from "./hand.js";
import { pageNow } from "./page-now.js";

const root = document.querySelector("[data-progress-url]");
const FAST_MS = 800;
const SLOW_MS = 3000;
let shown = root?.dataset.revision;
let asked = 0;

if (root && root.dataset.finished !== "yes") setTimeout(poll, FAST_MS);

async function poll() {
  if (document.hidden) return document.addEventListener("visibilitychange", poll, { once: true });
  const state = await read();
  if (state) await show(state);
  asked += 1;
  if (!state?.is_finished || state.revision !== shown) setTimeout(poll, asked < 60 ? FAST_MS : SLOW_MS);
}

async function read() {
  try {
    const response = await fetch(root.dataset.progressUrl, { headers: { Accept: "application/json" }, redirect: "manual" });
    if (!response.ok) throw new Error(String(response.status));
    say("lost", "");
    return await response.json();
  } catch {
    say("lost", "The server does not answer. What arrived is safe; trying again.");
    return null;
  }
}

async function show(state) {
  for (const stage of state.stages) {
    const row = root.querySelector(`[data-stage="${stage.id}"]`);
    row.dataset.state = stage.state;
    row.toggleAttribute("aria-current", stage.state === "running");
    row.querySelector("[data-count]").textContent = stage.text;
    row.querySelector("use").setAttribute("href", `#i-${stage.icon}`);
  }
  const bar = root.querySelector("progress");
  bar.value = state.percent;
  bar.textContent = `${state.percent} %`;
  root.querySelector("[data-percent]").textContent = `${state.percent} %`;
  say("status", state.sentence);
  if (state.revision !== shown || state.is_finished) await refresh(state.revision);
}

async function refresh(revision) {
  const page = await pageNow();
  await handIsOff();
  // What can be cancelled or tried again changes with the tables: nobody cancels what is finished.
  if (["outcomes", "work"].every((name) => put(page, name))) shown = revision;
}

function put(page, name) {
  const [fresh, old] = [page.querySelector(`[data-${name}]`), document.querySelector(`[data-${name}]`)];
  if (!fresh || !old) return false;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const isOpen = old.querySelector("details")?.open ?? false;
  old.replaceWith(document.adoptNode(fresh));
  fresh.querySelector("details")?.toggleAttribute("open", isOpen);
  if (focused) [...fresh.querySelectorAll(focused.localName)].find((one) => isSame(one, focused))?.focus({ preventScroll: true });
  return true;
}

const isSame = (one, other) => ["href", "class"].every((name) => one.getAttribute(name) === other.getAttribute(name));

function say(name, text) {
  const line = root.querySelector(`[data-${name}]`);
  if (line.textContent !== text) line.textContent = text;
}
