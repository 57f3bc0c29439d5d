// Keeps a list of work true without a reload: progress from JSON, the list itself from the page when it has changed.
// Asks nothing while the page is hidden. Without this module the page is as true as its last reload.
import { handIsOff } from "./hand.js";
import { pageNow } from "./page-now.js";
import { FAST_MS, nextDelay, planOf, summaryOf } from "./polling.js";

const root = document.querySelector("[data-live][data-live-url]");
const lost = document.querySelector("[data-live-lost]");
const said = document.querySelector("[data-live-said]");
let etag = "";
let last = null;
let delay = FAST_MS;

if (root) setTimeout(ask, delay);

async function ask() {
  if (document.hidden) return document.addEventListener("visibilitychange", ask, { once: true });
  const found = await read();
  if (found.state) await show(found.state);
  delay = nextDelay(delay, found);
  setTimeout(ask, delay);
}

async function read() {
  try {
    const headers = { Accept: "application/json", ...(etag && { "If-None-Match": etag }) };
    const response = await fetch(root.dataset.liveUrl, { headers, redirect: "manual" });
    showLost("");
    if (response.status === 304) return { state: last, isQuiet: last.is_quiet, isChanged: false, isLost: false };
    if (!response.ok) throw new Error(String(response.status));
    etag = response.headers.get("ETag") ?? "";
    last = await response.json();
    return { state: last, isQuiet: last.is_quiet, isChanged: true, isLost: false };
  } catch {
    showLost("The server does not answer. Work goes on; what is shown may be old.");
    return { state: null, isQuiet: false, isChanged: false, isLost: true };
  }
}

async function show(state) {
  const { rows, mustReload } = planOf(state, root.dataset.revision);
  if (mustReload && await reload()) {
    say(summaryOf(rows) || "No work is running.");
    return;
  }
  rows.forEach(showRow);
}

function showRow(job) {
  for (const row of root.querySelectorAll(`[data-job="${job.id}"]`)) {
    const sentence = row.querySelector("[data-job-sentence]");
    if (sentence && sentence.textContent !== job.sentence) sentence.textContent = job.sentence;
    const bar = row.querySelector("[data-job-bar]");
    if (!bar) continue;
    bar.value = job.percent;
    bar.textContent = `${job.percent} %`;
  }
}

// A person who is about to press something in the list keeps it: the list is replaced once they have left it.
async function reload() {
  if (root.contains(document.activeElement)) return false;
  const page = await pageNow();
  await handIsOff();
  const fresh = page.querySelector(`[data-live="${root.dataset.live}"]`);
  if (!fresh || root.contains(document.activeElement)) return false;
  root.replaceChildren(...document.adoptNode(fresh).childNodes);
  root.dataset.revision = fresh.dataset.revision;
  return true;
}

function say(text) {
  if (said && said.textContent !== text) said.textContent = text;
}

function showLost(text) {
  if (lost && lost.textContent !== text) lost.textContent = text;
}
