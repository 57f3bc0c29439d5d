// Computed scores and blocks of new lesions after something was marked. What a reader typed is never touched.

import { withNumbers } from "./grading-seen.js";

/** @param {HTMLElement} element @param {(form: HTMLFormElement) => void} watch */
export function keepFresh(element, watch) {
  document.addEventListener("reading:stale", (event) => setAside(element, /** @type {CustomEvent} */ (event).detail.lesion));
  document.addEventListener("reading:fresh", (event) => takeOver(element, /** @type {CustomEvent} */ (event).detail, watch));
}

/** Until the numbers of the new outline are there, no computed score stands beside it. @param {HTMLElement} element @param {string} lesion "" for all */
function setAside(element, lesion) {
  for (const block of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(".grade-lesion"))) {
    if (lesion && block.dataset.lesion !== lesion) continue;
    delete block.dataset.low;
    delete block.dataset.high;
    const [tile, numbers, reason] = [".grade-pair .krenning", ".grade-pair .small", ".grade-why"].map((name) => block.querySelector(name));
    if (tile) Object.assign(tile, { className: "krenning k-missing", textContent: "–" });
    if (numbers) numbers.textContent = "being computed …";
    if (reason) reason.textContent = "";
  }
}

/** @param {HTMLElement} element @param {Document} fresh @param {(form: HTMLFormElement) => void} watch */
function takeOver(element, fresh, watch) {
  const list = element.querySelector(".grade-lesions");
  const blocks = /** @type {HTMLElement[]} */ ([...fresh.querySelectorAll(".grade-lesion")]);
  if (!list || !fresh.querySelector(".grade")) return;
  const names = new Set(blocks.map((block) => block.id));
  for (const block of list.querySelectorAll(".grade-lesion")) if (!names.has(block.id) && !block.contains(document.activeElement)) block.remove();
  blocks.forEach((block, n) => {
    const known = document.getElementById(block.id);
    if (known) return update(known, block);
    const added = /** @type {HTMLElement} */ (document.importNode(block, true));
    list.insertBefore(added, list.querySelectorAll(".grade-lesion")[n] ?? null);
    const form = added.querySelector("form");
    if (form?.dataset.grade) watch(form);
  });
  if (blocks.length) list.querySelector(":scope > p")?.remove();
  for (const name of [".grade-references", "[data-missing] ul", "[data-retry-numbers]"]) replace(element.querySelector(name), fresh.querySelector(name));
  const [seen, whole] = [element, fresh].map((place) => /** @type {HTMLInputElement | null} */ (place.querySelector("[data-seen-reading]")));
  if (seen && whole) seen.value = withNumbers(seen.value, whole.value);
  const [sentence, now] = [element.querySelector("[data-sentence]"), fresh.querySelector("[data-sentence]")];
  if (sentence && now) sentence.textContent = now.textContent;
  const missing = element.querySelector("[data-missing]");
  missing?.toggleAttribute("hidden", !missing.querySelector("li"));
}

/** Only what the server computes. @param {HTMLElement} known @param {HTMLElement} block */
function update(known, block) {
  for (const name of ["low", "high"]) {
    if (block.dataset[name] === undefined) delete known.dataset[name];
    else known.dataset[name] = block.dataset[name];
  }
  for (const name of [".grade-pair", ".grade-why", "[data-reason] label"]) replace(known.querySelector(name), block.querySelector(name));
}

/** @param {Element | null} old @param {Element | null} fresh */
function replace(old, fresh) {
  if (old && fresh) old.replaceWith(document.importNode(fresh, true));
}
