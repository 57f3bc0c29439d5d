// What the server says while somebody types: the ring, a sentence beside a field, what follows from a row, the state of a card.
import { fieldOf, inputsOf, put } from "./words.js";

/** @type {{name: string, label: string, is_red: boolean}[]} */
let missing = [];

export const missingNow = () => missing;

/** @param {HTMLFormElement} form @param {any} said */
export function show(form, said) {
  missing = said.ring.missing;
  showRing(said.ring);
  showChecks(form, said.checks);
  showCards(form, said.cards);
  showDerived(form, said.derived);
  showReturned(form, said.returned);
  for (const input of form.querySelectorAll(".input[data-may-be-unknown]")) input.toggleAttribute("data-unknown", input.value.trim() === "unknown");
}

/** The question with which the entry came back, also when that happens under an open page. */
function showReturned(form, returned) {
  const box = form.querySelector("[data-returned]");
  box.hidden = !returned;
  box.querySelector("[data-returned-question]").textContent = returned?.question ?? "";
  box.querySelector("[data-returned-who]").textContent = returned?.who ?? "";
}

function showRing(ring) {
  const meter = document.querySelector("[data-ring]");
  meter.setAttribute("aria-label", `${ring.percent} percent complete`);
  meter.querySelector("[data-ring-known]").setAttribute("stroke-dasharray", `${ring.percent} 100`);
  meter.querySelector("[data-ring-text]").textContent = `${ring.percent} %`;
  document.querySelector("[data-ring-words]").textContent = `${ring.known} of ${ring.total} core fields answered`;
  const red = document.querySelector("[data-ring-red]");
  red.hidden = !ring.red;
  red.textContent = `${ring.red} must be answered`;
}

function showChecks(form, checks) {
  const focused = focusedAct();
  for (const place of form.querySelectorAll("[data-said]")) place.replaceChildren();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const field of form.querySelectorAll("[data-level]")) field.removeAttribute("data-level");
  for (const check of checks) showCheck(form, check);
  for (const name of missing.map((one) => one.name)) {
    const field = fieldOf(form, name);
    if (field && !field.dataset.level) field.dataset.level = "missing";
  }
  focusAgain(form, focused);
}

/** The button of a sentence that is about to be written anew: whoever has gone to it by Tab stays there. */
function focusedAct() {
  const button = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-said] [data-act]") ?? null);
  return button && { act: button.dataset.act, name: button.dataset.about ?? "" };
}

function focusAgain(form, focused) {
  if (!focused) return;
  const same = [...form.querySelectorAll(`[data-act="${focused.act}"]`)].find((one) => one.dataset.about === focused.name);
  (same ?? inputsOf(form, focused.name)[0])?.focus({ preventScroll: true });
}

function showCheck(form, check) {
  const field = fieldOf(form, check.name);
  const place = field?.closest(".entry-lab")?.querySelector("[data-row-said]") ?? field?.querySelector("[data-said]");
  if (!place || (check.text === "exact day" && check.name.startsWith("labs."))) return; // a line of a table says so itself
  place.append(said(check.text, `entry-said-${check.level}`));
  if (check.level !== "word") field.dataset.level = check.level;
  if (check.level === "red") inputsOf(form, check.name).forEach((input) => input.setAttribute("aria-invalid", "true"));
  if (check.why) place.append(said(check.why, "entry-said-why"));
  if (check.offer) place.append(act("use", check, `Use ${check.offer}`, () => use(form, check)));
  if (check.note) place.append(act("keep", check, "Keep, give a reason", () => keep(form, check)));
}

function said(text, name) {
  const line = document.createElement("span");
  line.textContent = text;
  line.className = name;
  return line;
}

function act(kind, check, label, onPress) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `button ${kind === "use" ? "" : "button-quiet "}button-small`;
  button.textContent = label;
  Object.assign(button.dataset, { act: kind, about: check.name });
  button.addEventListener("click", onPress);
  return button;
}

/** The value that is offered, as if it had been typed. */
function use(form, check) {
  put(form, check.name, check.offer);
  const [input] = inputsOf(form, check.name);
  input.focus();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function keep(form, check) {
  const field = fieldOf(form, check.note);
  const fold = field.closest("details");
  if (fold) fold.open = true;
  field.dataset.asked = "";
  field.querySelector("input")?.focus();
}

function showCards(form, cards) {
  for (const [key, state] of Object.entries(cards)) {
    const place = form.querySelector(`[data-card="${key}"] [data-card-state]`);
    if (!place) continue;
    place.className = `card-state card-state-${state.tone} push`;
    place.textContent = state.text;
  }
}

function showDerived(form, derived) {
  for (const row of form.querySelectorAll("[data-prefix]")) {
    const found = derived[row.dataset.prefix];
    const chip = row.querySelector("[data-derived]");
    if (!chip) continue;
    chip.hidden = !found?.text;
    chip.textContent = found?.text ?? "";
    chip.classList.toggle("chip-caution", found?.text === "alkylator");
    row.querySelector("[data-arrow]").textContent = found?.arrow ? `Ki-67 ${found.arrow}` : "";
    const why = row.querySelector("[data-why]");
    why.hidden = !found?.text || !found?.why;
    why.querySelector("[data-why-said]").textContent = found?.why ?? "";
  }
}
