// Follows an import on the upload's page: counts per stage from JSON, tables from the page itself. Stops when done.

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
  if (!state?.is_finished) setTimeout(poll, asked < 60 ? FAST_MS : SLOW_MS);
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
  if (state.revision !== shown) await refresh(state.revision);
}

async function refresh(revision) {
  const response = await fetch(window.location.href, { redirect: "manual" });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [fresh, old] = [page.querySelector("[data-outcomes]"), document.querySelector("[data-outcomes]")];
  if (!fresh || !old) return;
  old.replaceWith(document.adoptNode(fresh));
  shown = revision;
}

function say(name, text) {
  const line = root.querySelector(`[data-${name}]`);
  if (line.textContent !== text) line.textContent = text;
}
