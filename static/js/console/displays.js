// The displays of the room in the sheet of the bar: one line each, and the button that ends one.
import { post, wordsOf } from "./posting.js";

const SURE_MS = 4000;

/** Lines that stay keep their button, so that nobody loses it from under the finger. @param {HTMLElement} list */
export function listDisplays(list, displays, wordsFor) {
  const lines = new Map([...list.querySelectorAll("[data-display]")].map((item) => [item.dataset.display, item]));
  for (const display of displays) {
    const item = lines.get(display.id) ?? list.appendChild(lineOf(list, display));
    lines.delete(display.id);
    const text = item.querySelector("[data-display-text]");
    const words = wordsFor(display);
    if (text.textContent !== words) text.textContent = words;
  }
  for (const gone of lines.values()) gone.remove();
}

function lineOf(list, display) {
  const item = document.createElement("li");
  item.dataset.display = display.id;
  const text = Object.assign(document.createElement("span"), { textContent: display.label });
  text.dataset.displayText = "";
  const form = Object.assign(document.createElement("form"), { method: "post", action: list.dataset.unpairUrl.replace(/0{8}-.*0{12}/, display.id) });
  form.dataset.unpair = "";
  const button = Object.assign(document.createElement("button"), { className: "button button-small", textContent: "Unpair" });
  button.setAttribute("aria-label", `Unpair ${display.label}`);
  form.append(button);
  item.append(text, form);
  return item;
}

/** The first press asks, the second ends the display's session. @param {HTMLElement} list @param {(said: string) => void} say */
export function unpairing(list, say) {
  list.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = form.querySelector("button");
    if (button.dataset.sure === undefined) return ask(button);
    delete button.dataset.sure;
    const { status, said } = await post(form.action, {});
    say(wordsOf(said) || (status === 0 ? "The server does not answer." : "Nothing was changed."));
    if (status === 200) form.closest("[data-display]").remove();
  });
}

function ask(button) {
  const label = button.getAttribute("aria-label");
  button.dataset.sure = "";
  button.textContent = "Press again";
  button.setAttribute("aria-label", `${label}: press again`);
  setTimeout(() => {
    delete button.dataset.sure;
    button.textContent = "Unpair";
    button.setAttribute("aria-label", label);
  }, SURE_MS);
}
