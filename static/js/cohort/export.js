// Follows a running export; when it has ended, the page is read again.
import { FAST_MS, nextDelay } from "../polling.js";

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-export-url]"));
const isOpen = root?.dataset.state === "queued" || root?.dataset.state === "running";
let delay = FAST_MS;
let last = "";

if (isOpen) setTimeout(poll, delay);

async function poll() {
  const state = await read();
  if (state && !state.is_open) return location.reload();
  if (state) show(state);
  const isChanged = state !== null && state.words !== last;
  last = state?.words ?? last;
  delay = nextDelay(delay, { isQuiet: false, isChanged, isLost: state === null });
  setTimeout(poll, delay);
}

async function read() {
  try {
    const response = await fetch(root?.dataset.exportUrl ?? "", { headers: { Accept: "application/json" }, redirect: "manual" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** @param {{ words: string, percent: number }} state */
function show(state) {
  const words = root?.querySelector("[data-words]");
  if (words && words.textContent !== state.words) words.textContent = state.words;
  const bar = root?.querySelector("progress");
  if (bar) bar.value = state.percent;
}
