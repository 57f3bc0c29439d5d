// Keys of the reading page. Letters act outside fields only and can be turned off in the help, as everywhere.

import { isOff, isTyping } from "../typing.js";
import { stepLesion } from "./lesions.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */
/** @typedef {{plane: import("./types.d.ts").PlaneName, role: import("./types.d.ts").Role}} Focus */

/** @param {Workspace} work @param {HTMLElement} root */
export function listen(work, root) {
  document.addEventListener("keydown", (event) => press(event, work, root), { capture: true });
}

/** @param {KeyboardEvent} event @param {Workspace} work @param {HTMLElement} root */
function press(event, work, root) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (isTyping(target)) return;
  const isLetter = event.key.length === 1;
  if (isLetter && isOff()) return;
  if (/^( |Enter)$/.test(event.key) && target.closest("button, a, summary, input")) return;
  if (/^(Arrow|Page)/.test(event.key) && target.closest("input, .grading")) return;
  const focus = focusOf(target, work);
  const act = heard(work, event.key, focus) ?? actions(work, root, focus)[event.key] ?? pressed(root, event.key);
  if (!act) return;
  event.preventDefault();
  act();
}

/** @param {Workspace} work @param {string} key @param {Focus} focus */
function heard(work, key, focus) {
  for (const ask of work.keys) {
    const act = ask(key, focus);
    if (act) return act;
  }
  return null;
}

/** A button of the viewer by its key; the focus stays where it is, so that the next key means the same picture.
 * @param {HTMLElement} root @param {string} key */
function pressed(root, key) {
  const button = /** @type {HTMLElement | null} */ (root.querySelector(`.viewer button[data-key="${CSS.escape(key)}"]`));
  return button && (() => button.click());
}

/** @param {HTMLElement} target @param {Workspace} work @returns {Focus} */
function focusOf(target, work) {
  const name = target.closest("[data-view]")?.getAttribute("data-view")?.split("-")[0] ?? "axial";
  const role = target.closest("[data-scan]")?.getAttribute("data-scan") ?? work.scans[work.scans.length - 1].about.role;
  const plane = name === "mip" ? "axial" : name;
  return /** @type {Focus} */ ({ plane, role });
}

/** @param {Workspace} work @param {HTMLElement} root @param {Focus} focus @returns {Record<string, () => void>} */
function actions(work, root, { plane, role }) {
  const slice = (/** @type {number} */ count) => () => work.stepSlice(role, plane, count);
  return {
    j: () => stepLesion(work, root, 1),
    k: () => stepLesion(work, root, -1),
    " ": () => root.querySelector("[data-scans]")?.classList.toggle("is-swapped"),
    ArrowUp: slice(1),
    ArrowDown: slice(-1),
    PageUp: slice(5),
    PageDown: slice(-5),
    ArrowLeft: () => work.turn(-1),
    ArrowRight: () => work.turn(1),
    "+": () => work.zoom(1.25),
    "-": () => work.zoom(1 / 1.25),
  };
}
