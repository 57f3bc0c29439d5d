// Where two people have written the same field differently: both texts, side by side, and a button for each.
import { fieldOf, shown, titleOf, words } from "./decision-words.js";

const boxOf = (form) => form.querySelector("[data-conflict]");

export function mark(form, name, title) {
  const field = fieldOf(form, name);
  field?.setAttribute("data-changed", "");
  field?.setAttribute("title", title);
}

/** @param {HTMLFormElement} form @param {string[]} names @param {any} told @param {(name: string, value: any) => void} onChoose */
export function showConflict(form, names, told, onChoose) {
  boxOf(form).hidden = names.length === 0;
  form.querySelector("[data-conflict-said]").textContent = `${told.saved_by} has changed this decision meanwhile. Choose which words stand.`;
  form.querySelector("[data-conflict-list]").replaceChildren(...names.map((name) => row(form, name, told, onChoose)));
}

/** Whether nothing is left to choose. */
export function chosen(form, name) {
  form.querySelector(`[data-difference="${name}"]`)?.remove();
  const isDone = !form.querySelector("[data-difference]");
  boxOf(form).hidden = isDone;
  return isDone;
}

export function pointAt(form) {
  boxOf(form).querySelector("button")?.focus();
}

function row(form, name, told, onChoose) {
  const block = document.createElement("div");
  const title = document.createElement("dt");
  title.textContent = titleOf(form, name) ?? name;
  block.dataset.difference = name;
  block.append(title, side(form, name, told.saved_by, told.theirs[name], "Take these", () => onChoose(name, told.theirs[name])),
    side(form, name, "You", words(form)[name], "Keep mine", () => onChoose(name, words(form)[name])));
  return block;
}

function side(form, name, who, value, action, onPress) {
  const line = document.createElement("dd");
  const by = document.createElement("span");
  const quote = document.createElement("q");
  const button = document.createElement("button");
  by.className = "tiny muted";
  by.textContent = who;
  quote.textContent = shown(form, name, value);
  button.type = "button";
  button.className = "button button-small";
  button.textContent = action;
  button.addEventListener("click", onPress);
  line.append(by, quote, button);
  return line;
}
