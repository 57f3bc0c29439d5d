// The sandbox recomputes while values are tried: it posts the form and takes the answer over. Nothing is stored.
// Without this module the button "Recompute" does the same.

const WAIT_MS = 350;
const form = document.querySelector("[data-what-if]");
let timer = 0;
let asking = null;

async function recompute() {
  asking?.abort();
  const mine = asking = new AbortController();
  const body = new FormData(form);
  const page = await answerTo(body, mine.signal).catch(() => null);
  if (mine !== asking) return;
  const fresh = page?.querySelector("[data-what-if-result]");
  if (fresh) takeOver(page, fresh);
  else show(document.importNode(form.querySelector("[data-what-if-lost]").content, true));
}

async function answerTo(body, signal) {
  const response = await fetch(form.action, { method: "POST", body, redirect: "manual", signal });
  if (![200, 422].includes(response.status)) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

const show = (...nodes) => form.querySelector("[data-what-if-result]").replaceChildren(...nodes);

function takeOver(page, fresh) {
  show(...document.adoptNode(fresh).childNodes);
  for (const place of form.querySelectorAll("[data-field-error]")) {
    const said = page.querySelector(`[data-field-error="${CSS.escape(place.dataset.fieldError)}"]`)?.textContent ?? "";
    place.textContent = said;
    document.getElementById(place.dataset.fieldError).toggleAttribute("aria-invalid", false);
    if (said) document.getElementById(place.dataset.fieldError).setAttribute("aria-invalid", "true");
  }
}

function later(event) {
  if (event.target.name === "set") return form.requestSubmit();
  clearTimeout(timer);
  timer = setTimeout(recompute, WAIT_MS);
}

form?.addEventListener("input", later);
