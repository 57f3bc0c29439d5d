// Where two have written the same field: both texts beside each other, and a button for each. Nothing is overwritten unseen.
import { shown, titleOf } from "./words.js";

/** @typedef {{name: string, theirs: string, mine: string}} Difference */

/**
 * @param {HTMLFormElement} form @param {Difference[]} found @param {string} who
 * @param {(name: string, text: string) => void} onChoose
 */
export function showDifferences(form, found, who, onChoose) {
  const box = form.querySelector("[data-conflict]");
  box.querySelector("[data-conflict-said]").textContent = `${who} has changed ${found.length === 1 ? "this field" : "these fields"} meanwhile. Choose what stands.`;
  box.querySelector("[data-conflict-list]").replaceChildren(...found.map((one) => row(form, one, who, onChoose)));
  box.hidden = found.length === 0;
}

function row(form, one, who, onChoose) {
  const block = document.createElement("div");
  block.className = "entry-difference";
  block.dataset.difference = one.name;
  const title = document.createElement("strong");
  title.textContent = titleOf(form, one.name);
  const choose = (text) => {
    block.remove();
    const box = form.querySelector("[data-conflict]");
    box.hidden = !box.querySelector("[data-difference]");
    onChoose(one.name, text);
  };
  const sides = [side(form, one, who, one.theirs, "Take theirs", choose), side(form, one, "You", one.mine, "Keep mine", choose)];
  if (isFree(form, one)) sides.push(side(form, one, "Both", `${one.theirs}; ${one.mine}`, "Keep both", choose));
  block.append(title, ...sides);
  return block;
}

/** Two free texts can stand behind each other; two choices or numbers cannot. */
const isFree = (form, one) => ["text", "long"].includes(form.querySelector(`[name="${CSS.escape(one.name)}"]`)?.dataset.kind) && one.theirs && one.mine;

function side(form, one, who, text, action, choose) {
  const line = document.createElement("p");
  const by = document.createElement("span");
  const quote = document.createElement("q");
  const button = document.createElement("button");
  by.className = "tiny muted";
  by.textContent = who;
  quote.textContent = shown(form, one.name, text);
  button.type = "button";
  button.className = "button button-small";
  button.textContent = action;
  button.addEventListener("click", () => choose(text));
  line.append(by, quote, button);
  return line;
}
