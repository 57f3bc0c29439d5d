// While values are computed again: ask now and then, and offer the new page; it is never swapped unasked.

const notice = document.querySelector("[data-state-url]");

if (notice) setTimeout(poll, 1500);

async function poll() {
  const response = await fetch(notice.dataset.stateUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  const state = response?.ok ? await response.json() : null;
  if (!state || state.is_computing) return setTimeout(poll, 1500);
  notice.querySelector("[data-heading]").textContent = "Recomputed.";
  notice.querySelector("[data-sentence]").textContent = state.sentence;
  notice.querySelector("[data-reload]").hidden = false;
}
