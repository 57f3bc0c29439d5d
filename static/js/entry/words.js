// The texts of the form by field name, and back. Rows that are not there yet are made.
import { addRow } from "./rows.js";

const TYPED = "input[name*='.'], select[name*='.'], textarea[name*='.']";

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
export function words(form) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const input of form.querySelectorAll(TYPED)) {
    const { name } = input;
    if (input.type === "radio") found[name] = input.checked ? input.value : found[name] ?? "";
    else if (input.type === "checkbox") found[name] = [found[name], input.checked && input.value].filter(Boolean).join(", ");
    else found[name] = input.value.trim();
  }
  return found;
}

/** @param {HTMLFormElement} form @param {string} name @returns {any} */
export const fieldOf = (form, name) => form.querySelector(`[data-entry-field="${CSS.escape(name)}"]`);

/** @param {HTMLFormElement} form @param {string} name @returns {any[]} */
export const inputsOf = (form, name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

/** @param {HTMLFormElement} form @param {string} name @param {string} text */
export function put(form, name, text) {
  if (!inputsOf(form, name).length) madeRoom(form, name);
  const inputs = inputsOf(form, name);
  const [first] = inputs;
  if (!first) return;
  if (first.type === "radio") inputs.forEach((input) => { input.checked = input.value === text; });
  else if (first.type === "checkbox") tick(inputs, text.split(",").map((part) => part.trim()).filter(Boolean));
  else first.value = text;
  if (name.endsWith(".gone")) first.closest("[data-prefix]").hidden = text === "yes";
}

/** In words, as the page shows them. @param {HTMLFormElement} form @param {string} name @param {string} text */
export function shown(form, name, text) {
  if (name.endsWith(".gone")) return text === "yes" ? "row taken away" : "row kept";
  const inputs = inputsOf(form, name);
  const option = inputs[0]?.options && [...inputs[0].options].find((one) => one.value === text);
  const choice = inputs[0]?.type === "radio" && inputs.find((input) => input.value === text);
  return (option || choice?.parentElement)?.textContent?.trim() || text || "(empty)";
}

/** "Histology: Ki-67": the field in words. @param {HTMLFormElement} form @param {string} name */
export function titleOf(form, name) {
  const field = fieldOf(form, name);
  const card = form.querySelector(`#card-${name.split(".")[0]}-title`)?.textContent?.trim() ?? "";
  const label = field?.querySelector("label, legend")?.textContent?.trim() ?? (name.endsWith(".gone") ? "a row" : name);
  return [card, label].filter(Boolean).join(": ");
}

function madeRoom(form, name) {
  const parts = name.split(".");
  if (parts.length === 3) addRow(form, parts[0], parts[1]);
}

function tick(inputs, wanted) {
  for (const word of wanted.filter((one) => !inputs.some((input) => input.value === one))) {
    const label = inputs[0].closest("label").cloneNode(true);
    const box = label.querySelector("input");
    box.value = word;
    label.replaceChildren(box, word);
    inputs[0].closest("[role=group]").append(label);
    inputs.push(box);
  }
  inputs.forEach((input) => { input.checked = wanted.includes(input.value); });
}
