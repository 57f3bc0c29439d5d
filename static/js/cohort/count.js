// While somebody chooses, how many cases the question finds; the page itself is asked for by its button.

const WAIT_MS = 350;
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-count-url]"));
const line = form?.querySelector("[data-count]");
let waiting = 0;
let asked = 0;

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = window.setTimeout(count, WAIT_MS);
});

async function count() {
  if (!form || !line) return;
  const mine = ++asked;
  line.textContent = "Counting …";
  const pairs = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  const said = await read(`${form.dataset.countUrl}?${new URLSearchParams(pairs)}`);
  if (mine === asked) line.textContent = said;
}

// Cases that were not read in time are read by asking again.
if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), WAIT_MS);

/** @param {string} url */
async function read(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, redirect: "manual" });
    if (!response.ok) throw new Error(String(response.status));
    return `${(await response.json()).words}. Press Show to see them.`;
  } catch {
    return "The server does not answer. Press Show to try again.";
  }
}
