// Grading by keys and saving by itself: every change goes to the server at once, in order; what fails stays as typed.

import { differs, meaning, nextRads } from "./grading-keys.js";
import { isOff, isTyping } from "../typing.js";
import { keepFresh } from "./grading-fresh.js";
import { withEntries } from "./grading-seen.js";

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-grading]"));
const stateLine = /** @type {HTMLElement | null} */ (root?.querySelector("[data-save-state]") ?? null);
const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("[data-sign-dialog]"));
const signForm = /** @type {HTMLFormElement | null} */ (root?.querySelector("[data-sign]") ?? null);
const seenWhole = /** @type {HTMLInputElement | null} */ (root?.querySelector("[data-seen-reading]") ?? null);
const unsaved = new Set();
const refused = new Set(); // forms of which something was sent and not taken: the next entry goes with all that stands there
let queue = Promise.resolve();
let leader = 0;
let lists = 0; // taken over from the server: an answer to what was sent before the last of them is older

if (root) start(root);

/** @param {HTMLElement} element */
function start(element) {
  element.classList.add("is-saving-itself");
  element.classList.toggle("is-one", element.closest("[data-workspace]") !== null);
  for (const form of forms(element)) watch(form);
  signForm?.addEventListener("submit", (event) => { event.preventDefault(); askToSign(); });
  dialog?.querySelector("[data-sign-back]")?.addEventListener("click", () => dialog.close());
  dialog?.querySelector("[data-sign-now]")?.addEventListener("click", sign);
  document.addEventListener("keydown", press);
  document.addEventListener("reading:lesion", (event) => select(/** @type {CustomEvent} */ (event).detail.lesion));
  element.addEventListener("focusin", (event) => select(blockOf(/** @type {HTMLElement} */ (event.target))?.dataset.lesion ?? ""));
  addEventListener("beforeunload", (event) => { if (isPending()) event.preventDefault(); });
  copyReport(element);
  document.addEventListener("reading:fresh", () => { lists += 1; });
  keepFresh(element, watch);
  const first = element.querySelector(".grade-lesion:has([data-read].chip-caution)") ?? element.querySelector(".grade-lesion");
  select(/** @type {HTMLElement | null} */ (first)?.dataset.lesion ?? "");
}

/** @param {HTMLElement} element @returns {HTMLFormElement[]} */
function forms(element) {
  return [...element.querySelectorAll("form")].filter((form) => form.dataset.grade);
}

/** A lesion that was taken away takes what was entered for it along. */
function isPending() {
  return [...unsaved].some((form) => form.isConnected);
}

/** @param {HTMLElement} target @returns {HTMLElement | null} */
function blockOf(target) {
  return target.closest(".grade-lesion");
}

/** @returns {HTMLElement | null} */
function current() {
  return root?.querySelector(".grade-lesion.is-current") ?? null;
}

/** @param {string} lesion */
function select(lesion) {
  const wanted = lesion && document.getElementById(`grade-${lesion}`);
  if (!wanted || wanted === current()) return;
  current()?.classList.remove("is-current");
  wanted.classList.add("is-current");
}

/** @param {HTMLFormElement} form */
function watch(form) {
  form.addEventListener("change", (event) => save(form, /** @type {HTMLElement} */ (event.target)));
  form.addEventListener("input", () => { unsaved.add(form); showReason(form); tell("Not saved yet"); });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(form, null); });
}

/** @param {HTMLFormElement} form */
function showReason(form) {
  const block = blockOf(form);
  const score = String(new FormData(form).get("score") ?? "");
  block?.querySelector("[data-reason]")?.classList.toggle("is-needed", differs(score, block.dataset.low, block.dataset.high));
}

/**
 * One request after the other, so that each carries the token of the one before it.
 * @param {HTMLFormElement} form @param {HTMLElement | null} changed only its part of the form is sent; null: all of it
 */
function save(form, changed) {
  unsaved.add(form);
  showReason(form);
  tell("Saving …");
  queue = queue.then(() => send(form, changed)).catch(() => failed(form, "Not saved: the server does not answer. Your entries are kept."));
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} changed */
async function send(form, changed) {
  const data = new FormData(form);
  const part = refused.has(form) ? null : changed?.closest("[data-part]");
  if (part) keepOnly(data, form, part);
  data.set("seen_reading", seenWhole?.value ?? "");
  const before = lists;
  const sent = JSON.stringify([...new FormData(form)]);
  const response = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
  const answer = await response.json();
  if (!answer.ok) return failed(form, answer.sentence);
  const seen = /** @type {HTMLInputElement} */ (form.querySelector("[data-seen]"));
  const isAsSent = JSON.stringify([...new FormData(form)]) === sent;
  seen.value = answer.seen.part;
  refused.delete(form);
  if (isAsSent) unsaved.delete(form);
  fail(form, "");
  tell(isPending() ? "Not saved yet" : "Saved");
  if (seenWhole && answer.seen.reading) seenWhole.value = withEntries(seenWhole.value, answer.seen.reading);
  if (before === lists) showMissing(answer);
  document.dispatchEvent(new CustomEvent("reading:saved", { detail: { isOlder: before !== lists } }));
  if (answer.lesion) announce(form, answer);
}

/** @param {FormData} data @param {HTMLFormElement} form @param {Element} part */
function keepOnly(data, form, part) {
  for (const field of /** @type {Iterable<HTMLInputElement>} */ (form.elements)) {
    if (field.name && field.type !== "hidden" && !part.contains(field)) data.delete(field.name);
  }
}

/** @param {HTMLFormElement} form @param {string} message */
function failed(form, message) {
  refused.add(form);
  delete form.dataset.goesOn;
  fail(form, message);
  tell("Not saved", "error");
}

/** @param {HTMLElement} place @param {string} message */
function fail(place, message) {
  const line = /** @type {HTMLElement} */ (place.querySelector("[data-error]"));
  line.textContent = message;
  line.hidden = !message;
  place.querySelector("[data-save]")?.classList.toggle("is-needed", Boolean(message));
}

/** @param {string} text @param {string} [kind] */
function tell(text, kind = "") {
  if (!stateLine) return;
  stateLine.textContent = text;
  stateLine.dataset.kind = kind;
}

/** @param {{ missing: { message: string }[], missing_sentence: string, retry: string }} answer */
function showMissing(answer) {
  const [sentence, list] = ["[data-sentence]", "[data-missing]"].map((name) => /** @type {HTMLElement} */ (root?.querySelector(name)));
  sentence.textContent = answer.missing_sentence;
  list.hidden = !answer.missing.length;
  const retry = /** @type {HTMLFormElement} */ (root?.querySelector("[data-retry-numbers]"));
  [retry.hidden, retry.action] = [!answer.retry, answer.retry];
  list.querySelector("ul")?.replaceChildren(...answer.missing.map((gap) => item(gap.message)));
}

/** @param {string} text */
function item(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}

/** @param {HTMLFormElement} form @param {{ lesion: string, is_read: boolean }} answer */
function announce(form, answer) {
  const chip = /** @type {HTMLElement} */ (blockOf(form)?.querySelector("[data-read]"));
  chip.textContent = answer.is_read ? "read" : "to read";
  chip.classList.toggle("chip-caution", !answer.is_read);
  const chosen = form.querySelector("[name=score]:checked + span");
  const detail = { lesion: answer.lesion, score: chosen?.textContent ?? "", isDone: answer.is_read };
  document.dispatchEvent(new CustomEvent("reading:scored", { detail }));
  if (answer.is_read && form.dataset.goesOn && current() === blockOf(form)) goOn(form);
  delete form.dataset.goesOn;
}

/** To the next lesion that is not read yet, after the one that was taken over as computed. @param {HTMLFormElement} form */
function goOn(form) {
  const blocks = [...(root?.querySelectorAll(".grade-lesion") ?? [])];
  const here = blocks.indexOf(/** @type {Element} */ (blockOf(form)));
  const next = [...blocks.slice(here + 1), ...blocks.slice(0, here)].find((block) => block.querySelector("[data-read].chip-caution"));
  const lesion = /** @type {HTMLElement | undefined} */ (next)?.dataset.lesion;
  if (!lesion) return;
  select(lesion);
  document.dispatchEvent(new CustomEvent("reading:go", { detail: { lesion } }));
}

/** The computed score as the reader's own, by a key of its own for each lesion. @param {HTMLFormElement} form */
function takeComputed(form) {
  const { low, high } = blockOf(form)?.dataset ?? {};
  const score = `${low}-${high}`;
  if (low === undefined || !form.querySelector(`[name=score][value="${score}"]`)) return tell("Nothing is computed to take over: give your own score", "error");
  form.dataset.goesOn = "yes";
  choose(form, score);
}

/** The first answer that is missing, for keys. */
function nextMissing() {
  const parts = [...(root?.querySelectorAll(".grade-answers [data-part]") ?? [])];
  const open = parts.find((part) => part.querySelector("[type=radio]") && !part.querySelector(":checked[type=radio]"));
  const field = /** @type {HTMLElement | null | undefined} */ (open?.querySelector("[type=radio]"));
  field?.focus();
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (!signForm) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (event.repeat) return;
    return void (dialog?.open ? sign() : askToSign());
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOff() || isTyping(/** @type {HTMLElement} */ (event.target))) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === ".") return nextMissing();
  const found = meaning(event.key, leader, event.timeStamp);
  leader = found?.leader ?? 0;
  const form = current()?.querySelector("form");
  if (!found || !form) return;
  event.preventDefault();
  if (found.score) choose(form, found.score);
  if (found.rads) category(form, found.rads);
  if (found.isAsComputed) takeComputed(form);
}

/** @param {HTMLFormElement} form @param {string} score */
function choose(form, score) {
  const radio = /** @type {HTMLInputElement | null} */ (form.querySelector(`[name=score][value="${score}"]`));
  if (!radio) return;
  radio.checked = true;
  save(form, radio);
  const reason = /** @type {HTMLElement | null} */ (form.querySelector("[data-reason].is-needed input"));
  reason?.focus();
}

/** @param {HTMLFormElement} form @param {string} digit */
function category(form, digit) {
  const field = /** @type {HTMLSelectElement | null} */ (form.querySelector("[name=rads]"));
  if (!field) return;
  field.value = nextRads(digit, field.value);
  save(form, field);
}

/** What was typed is saved first; what is missing is shown instead of the question. */
async function askToSign() {
  const typing = document.activeElement;
  if (typing instanceof HTMLElement) typing.blur();
  await queue;
  const list = /** @type {HTMLDetailsElement | null} */ (root?.querySelector("[data-missing]"));
  if (isPending() || (list && !list.hidden)) {
    if (list) list.open = true;
    tell(isPending() ? "Some entries are not saved; they cannot be signed" : "Not ready to sign", "error");
    return list?.scrollIntoView({ block: "nearest" });
  }
  dialog?.querySelector("[data-covered]")?.replaceChildren(...covered().map(item));
  fail(/** @type {HTMLElement} */ (dialog), "");
  dialog?.showModal();
}

/** @returns {string[]} */
function covered() {
  const lesions = [...(root?.querySelectorAll(".grade-lesion") ?? [])].map((block) => {
    const form = /** @type {HTMLFormElement} */ (block.querySelector("form"));
    const words = [...form.querySelectorAll("select, [name=text], [name=difference_reason]")].map((field) => wordsOf(/** @type {HTMLInputElement} */ (field)));
    const score = form.querySelector("[name=score]:checked + span")?.textContent;
    const name = block.querySelector("h3")?.firstChild?.textContent?.trim().replace(/\s+/g, " ");
    return `${name}: ${[score && `Krenning ${score}`, ...words].filter(Boolean).join(", ")}`;
  });
  const answers = [...(root?.querySelectorAll(".grade-answers [data-part]") ?? [])].map((part) => {
    const chosen = part.querySelector("input:checked")?.parentElement?.textContent?.trim();
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (part.querySelectorAll("input:not([type=radio]), select, textarea"));
    const said = [chosen, ...(chosen === "given" || part.querySelector("[name=ssa]") === null ? [...fields].map(wordsOf) : [])];
    return `${part.querySelector("legend, label")?.textContent}: ${said.filter(Boolean).join(", ") || "none"}`;
  });
  return [...lesions, ...answers];
}

/** @param {HTMLInputElement | HTMLSelectElement} field */
function wordsOf(field) {
  if (!field.value) return "";
  return field instanceof HTMLSelectElement ? field.selectedOptions[0].textContent ?? "" : field.value;
}

async function sign() {
  if (!signForm || !dialog) return;
  try {
    const response = await fetch(signForm.action, { method: "POST", body: new FormData(signForm), headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (answer.ok) return location.reload();
    fail(dialog, answer.sentence);
  } catch {
    fail(dialog, "Not signed: the server does not answer.");
  }
}

/** @param {HTMLElement} element */
function copyReport(element) {
  const [link, button] = [element.querySelector("[data-report]"), element.querySelector("[data-copy-report]")];
  if (!(link instanceof HTMLAnchorElement) || !(button instanceof HTMLButtonElement) || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      const text = fetch(link.href).then((response) => response.blob());
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
      tell("Report copied");
    } catch {
      tell("Not copied: open the report and copy it there", "error");
    }
  });
}
