// To the next core field without an answer, and "unknown" as an answer. By button, by key, or by key in an empty field.
import { isOff, isTyping } from "../typing.js";
import { addRow, rowsOf } from "./rows.js";
import { missingNow } from "./show.js";
import { fieldOf, inputsOf } from "./words.js";

const NEVER_BEGINS_WITH_U = ["date", "number", "ki67"];

/** @param {HTMLFormElement} form @param {() => void} onChange */
export function gaps(form, onChange) {
  /** @type {any} */
  let last = null;
  form.addEventListener("focusin", (event) => { last = event.target.closest("[data-entry-field]") ?? last; });
  document.querySelector("[data-next-missing]").addEventListener("click", () => next(form, last));
  document.querySelector("[data-mark-unknown]").addEventListener("click", unknown);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOff() || document.querySelector("dialog[open]") || event.defaultPrevented) return;
    const key = event.key.toLowerCase();
    if (key !== "." && key !== "u") return;
    if (isTyping(/** @type {HTMLElement} */ (event.target)) && !isFree(event.target, key)) return;
    event.preventDefault();
    if (key === ".") next(form, last);
    else unknown();
  });

  /** In an empty field a dot is no text; "u" is none where a date or a number is asked for. */
  function isFree(input, key) {
    if (!form.contains(input) || input.value !== "") return false;
    return key === "." ? input.matches("input:not([role=combobox]), textarea, select") : NEVER_BEGINS_WITH_U.includes(input.dataset.kind);
  }

  function unknown() {
    if (!last || !markUnknown(form, last)) return;
    focusIn(last);
    onChange();
  }
}

/** @param {HTMLFormElement} form @param {any} field */
function markUnknown(form, field) {
  const inputs = inputsOf(form, field.dataset.entryField);
  const [first] = inputs;
  if (first.matches("select")) return pick([...first.options].find((one) => one.value === "unknown"), (one) => { first.value = one.value; });
  if (first.type === "radio") return pick(inputs.find((one) => ["unknown", "U"].includes(one.value)), (one) => { one.checked = true; });
  if (first.type === "checkbox") return pick(inputs.find((one) => one.value === "unknown"), (one) => inputs.forEach((other) => { other.checked = other === one; }));
  return pick(first.matches("[data-may-be-unknown]") ? first : null, () => { first.value = "unknown"; });
}

function pick(found, act) {
  if (found) act(found);
  return Boolean(found);
}

/** @param {HTMLFormElement} form @param {any} from */
function next(form, from) {
  const names = missingNow().map((one) => one.name);
  if (!names.length) return;
  const fields = [...form.querySelectorAll("[data-entry-field]")].filter((field) => names.includes(field.dataset.entryField));
  const after = from && fields.find((field) => from.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING);
  const empty = names.find((name) => name.endsWith(".add"));
  if (after) focusIn(after);
  else if (fields.length) focusIn(fields[0]);
  else if (empty) goTo(form, empty);
}

/** @param {HTMLFormElement} form @param {string} name */
export function goTo(form, name) {
  if (name.endsWith(".add")) {
    const card = name.split(".")[0];
    const row = rowsOf(form, card)[0] ?? addRow(form, card);
    return focusIn(row.querySelector("[data-entry-field]"));
  }
  return focusIn(fieldOf(form, name));
}

export function focusIn(field) {
  const fold = field?.closest("details");
  if (fold) fold.open = true;
  const input = field?.querySelector("input:checked, input:not([type=hidden]), select, textarea");
  input?.focus();
  field?.scrollIntoView({ block: "center" });
}
