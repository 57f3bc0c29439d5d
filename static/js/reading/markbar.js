// The bar above the pictures: which tool, which lesion, why; what was measured and what was said. No requests here.

import { numbersLine } from "./regions.js";

/** @typedef {import("./types.d.ts").Row} Row */
/** @typedef {import("./types.d.ts").Step} Step */

const NEW = "new";
const WORDS = /** @type {Record<string, string>} */ ({
  grow: "Click on this scan.", box: "Drag a box, or Enter at two corners.", split: "Click in both parts.", "": "",
});

export class MarkBar {
  /** @param {HTMLElement} element @param {HTMLElement} root */
  constructor(element, root) {
    this.element = element;
    this.root = root;
    this.form = /** @type {HTMLFormElement} */ (element.querySelector("[data-ask]"));
    this.dialog = /** @type {HTMLDialogElement} */ (element.querySelector("[data-remove-dialog]"));
    this.picked = ""; // the lesion that a person has chosen for the next mark
  }

  /** @template {HTMLElement} [T=HTMLElement] @param {string} name */
  find(name) {
    return /** @type {T} */ (this.element.querySelector(name));
  }

  /** @param {string} name */
  field(name) {
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name));
  }

  get token() {
    return this.field("csrfmiddlewaretoken").value;
  }

  /** @param {string} tool */
  showTool(tool) {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-tool]"))) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
    this.form.hidden = !tool;
    this.find("[data-ask-words]").textContent = WORDS[tool];
    this.find("[data-ask-go]").hidden = false;
    this.find("[data-ask-lesion]").hidden = !tool;
    this.askReason(false);
    this.showOrgan();
  }

  /** Lesions of the list; the chosen one first where it has no region here yet. @param {Map<string, Row>} rows @param {string} chosen @param {boolean} isSplit */
  offerLesions(rows, chosen, isSplit) {
    const links = /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll(".lesions a[data-lesion]")]);
    const marked = new Set([...rows.values()].map((row) => row.lesion?.pk));
    const options = links.map((link) => new Option(`${link.dataset.label}${marked.has(link.dataset.lesion) ? ", one more region" : ""}`, link.dataset.lesion));
    const select = /** @type {HTMLSelectElement} */ (this.form.elements.namedItem("lesion"));
    select.replaceChildren(new Option("new", NEW), ...options);
    const isThere = [...select.options].some((option) => option.value === this.picked);
    if (isThere) select.value = this.picked;
    else select.value = chosen && !isSplit && !marked.has(chosen) ? chosen : NEW;
    this.showOrgan();
  }

  pick() {
    this.picked = this.field("lesion").value;
    this.showOrgan();
  }

  showOrgan() {
    this.find("[data-ask-organ]").hidden = this.form.hidden || this.find("[data-ask-lesion]").hidden || this.field("lesion").value !== NEW;
  }

  /** @param {boolean} isAsked */
  askReason(isAsked) {
    this.find("[data-ask-reason]").hidden = !isAsked;
  }

  /** Whose region it becomes, as typed. @returns {Record<string, string>} */
  lesionFields() {
    const lesion = this.field("lesion").value;
    return lesion === NEW ? { lesion, organ: this.field("organ").value.trim() } : { lesion };
  }

  get reason() {
    return this.field("reason").value.trim();
  }

  /** Something has to be typed before a step can be taken. @param {"organ" | "reason"} name @param {string} words */
  ask(name, words) {
    const isReason = name === "reason";
    this.form.hidden = false;
    this.askReason(isReason);
    if (isReason) this.find("[data-ask-lesion]").hidden = this.find("[data-ask-organ]").hidden = true;
    this.find("[data-ask-words]").textContent = words;
    this.field(name).focus();
  }

  /** @param {string} text @param {string} [kind] */
  say(text, kind = "") {
    const line = this.find("[data-said]");
    line.textContent = text;
    line.dataset.kind = kind;
  }

  /** What may be done with the chosen region, and its numbers. @param {Row | null} row @param {Map<string, Row>} rows @param {string} unitWords */
  show(row, rows, unitWords) {
    const line = this.find("[data-numbers]");
    line.textContent = numbersLine(row, unitWords);
    line.dataset.voi = row?.voi ?? "";
    line.dataset.state = row?.state ?? "";
    const isLesion = row?.role === "lesion";
    const tool = /** @type {HTMLButtonElement} */ (this.find("[data-tool=split]"));
    for (const button of [tool, ...this.element.querySelectorAll("[data-threshold-by]")]) /** @type {HTMLButtonElement} */ (button).disabled = !isLesion;
    /** @type {HTMLButtonElement} */ (this.find("[data-remove]")).disabled = !row;
    this.find("[data-threshold]").textContent = thresholdWords(row);
    this.find("[data-move-here]").hidden = !row || isLesion || !row.may_move;
    this.offerRegions(row, rows);
  }

  /** @param {Row | null} row @param {Map<string, Row>} rows */
  offerRegions(row, rows) {
    const merge = /** @type {HTMLSelectElement} */ (this.find("[data-merge]"));
    const others = [...rows.values()].filter((one) => one.role === "lesion" && one.voi !== row?.voi);
    merge.replaceChildren(new Option("Merge with", ""), ...others.map((one) => new Option(`${one.lesion?.label} ${one.lesion?.organ}`, one.voi)));
    merge.disabled = row?.role !== "lesion" || !others.length;
    const select = /** @type {HTMLSelectElement} */ (this.find("[data-reference]"));
    const references = [...rows.values()].filter((one) => one.role !== "lesion");
    select.replaceChildren(new Option("References", ""), ...references.map((one) => new Option(one.role.replace("_", " "), one.voi)));
    select.value = row && row.role !== "lesion" ? row.voi : "";
  }

  /** @param {string} words of the step that Undo takes back; "" for none */
  showUndo(words) {
    const button = /** @type {HTMLButtonElement} */ (this.find("[data-undo]"));
    button.disabled = !words;
    button.title = words ? `Undo: ${words}` : "Nothing to undo";
  }

  /** Resolves with the reason, or null where the region is kept. @param {string} name @param {string} reason @returns {Promise<string | null>} */
  confirmRemoval(name, reason) {
    const { dialog } = this;
    const field = /** @type {HTMLInputElement} */ (dialog.querySelector("[name=reason]"));
    this.find("[data-remove-name]").textContent = name;
    field.value = reason;
    dialog.returnValue = "";
    dialog.showModal();
    field.select();
    return new Promise((resolve) => {
      const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
      const end = new AbortController();
      const done = (/** @type {string | null} */ said) => {
        end.abort();
        dialog.close();
        resolve(said);
      };
      form.addEventListener("submit", (event) => { event.preventDefault(); done(field.value.trim()); }, { signal: end.signal });
      this.find("[data-remove-back]").addEventListener("click", () => done(null), { signal: end.signal });
      dialog.addEventListener("cancel", () => done(null), { signal: end.signal });
    });
  }
}

/** @param {Row | null} row */
function thresholdWords(row) {
  if (row?.threshold?.rule === "suv") return `SUV ${row.threshold.number}`;
  if (row?.threshold?.rule === "percent") return `${row.threshold.number} %`;
  if (row?.threshold?.rule === "liver") return "liver + 2 SD";
  return row?.role === "lesion" ? "drawn" : "–";
}
