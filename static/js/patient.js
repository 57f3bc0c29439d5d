// The patient page: says when newer data exist (it never swaps itself), prints, and opens what an address points into.

const notice = document.querySelector("[data-stale]");
const EVERY_MS = 60_000;
let timer = 0;

async function look() {
  const response = await fetch(notice.dataset.stateUrl, { headers: { Accept: "application/json" }, redirect: "manual" }).catch(() => null);
  const state = response?.ok ? await response.json() : null;
  if (state && state.version !== notice.dataset.version) notice.hidden = false;
  else later();
}

/** One question waits at a time, however often somebody comes back to the tab. */
function later() {
  clearTimeout(timer);
  timer = setTimeout(look, EVERY_MS);
}

if (notice) {
  later();
  document.addEventListener("visibilitychange", () => { if (!document.hidden && notice.hidden) look(); });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
