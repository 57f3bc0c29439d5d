// Why a decision was not kept or signed: sentences beside their fields, and once in the notice above.
import { fieldOf, titleOf } from "./decision-words.js";

const SIGNED_OUT = "Nobody is signed in here any more, or somebody else is. Sign in again in another tab, then press again; your text is kept on this computer.";

export function clearErrors(form) {
  form.querySelectorAll("[data-error]").forEach((el) => { el.hidden = true; });
  form.querySelectorAll("[aria-invalid]").forEach((el) => el.removeAttribute("aria-invalid"));
  form.querySelector("[data-decision-refused]").hidden = true;
}

/** Only where a person has asked does the first wrong field get the focus: who is writing elsewhere goes on writing. */
export function refuse(form, { status, said }, isAsked) {
  clearErrors(form);
  const errors = Object.entries(said.errors ?? { "": [said.message ?? (status === 401 ? SIGNED_OUT : `The server answered ${status}.`)] });
  form.querySelector("[data-decision-wrong]").replaceChildren(...errors.flatMap(([name, told]) => told.map((sentence) => item(form, name, sentence))));
  form.querySelector("[data-decision-refused]").hidden = false;
  const first = errors.map(([name]) => fieldOf(form, name)).find(Boolean);
  first?.closest("details")?.setAttribute("open", "");
  if (isAsked) first?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function item(form, name, sentence) {
  const line = document.createElement("li");
  const field = fieldOf(form, name);
  const label = titleOf(form, name);
  line.textContent = label ? `${label}: ${sentence}` : sentence;
  const beside = field?.querySelector("[data-error]");
  if (beside) {
    beside.textContent = sentence;
    beside.hidden = false;
  }
  field?.querySelector("input:not([type=radio], [type=checkbox], [type=hidden]), select, textarea")?.setAttribute("aria-invalid", "true");
  return line;
}
