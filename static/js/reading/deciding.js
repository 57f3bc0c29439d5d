// Proposed foci and matches of the list: accepted, called physiologic, refused, confirmed; then on to the next one.

/** @typedef {import("./marking.js").Marking} Marking */

const OPEN = "[data-foci] a[data-region], li:has(form[data-match]) a[data-lesion]";

/** @param {Marking} marking */
export function decide(marking) {
  const { work } = marking;
  const { root } = work;
  work.keys.push((key) => byKey(marking, key));
  root.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-do], [data-confirm-likely]");
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    if (button.dataset.do) act(marking, button);
    else confirmLikely(marking);
  });
  const showAll = () => root.querySelector("[data-confirm-likely]")?.removeAttribute("hidden");
  document.addEventListener("reading:fresh", showAll);
  showAll();
}

/** @param {Marking} marking @param {string} key @returns {(() => void) | null} */
function byKey(marking, key) {
  const { work } = marking;
  const of = (/** @type {string} */ what) => /** @type {HTMLButtonElement | null | undefined} */ (work.root.querySelector(".lesions [aria-current]")?.closest("li")?.querySelector(`[data-do=${what}]`));
  const what = /** @type {Record<string, string>} */ ({ c: "accept", n: "reject", m: "match" })[key];
  if (key === "M") return () => confirmLikely(marking);
  if (key === "x") return () => (of("physiologic") ? act(marking, /** @type {any} */ (of("physiologic"))) : marking.remove("physiologic uptake"));
  if (!what) return null;
  return () => {
    const button = of(what);
    if (button) act(marking, button);
    else marking.bar.say(what === "match" ? "The chosen lesion has no match to confirm." : "Choose a focus that is to be decided.", "error");
  };
}

/** @param {Marking} marking @param {HTMLButtonElement} button */
async function act(marking, button) {
  const item = /** @type {HTMLElement} */ (button.closest("li"));
  const form = /** @type {HTMLFormElement} */ (button.closest("form"));
  const after = following(marking, item);
  const label = item.querySelector("a")?.dataset.label ?? "";
  for (const one of item.querySelectorAll("button")) one.disabled = true;
  const step = stepOf(button, form, item);
  const { choices } = marking.work;
  const answer = await marking.steps.take(`${label} ${wordsOf(button)}`, step);
  if (!answer) for (const one of item.querySelectorAll("button")) one.disabled = false;
  else if (choices === marking.work.choices) goOn(marking, after);
}

/** @param {HTMLButtonElement} button @param {HTMLFormElement} form @param {HTMLElement} item @returns {import("./types.d.ts").Step} */
function stepOf(button, form, item) {
  const what = button.dataset.do;
  if (what === "match") return { to: "match", id: form.dataset.match ?? "", data: {} };
  const id = /** @type {HTMLElement} */ (item.querySelector("[data-focus]")).dataset.focus ?? "";
  if (what !== "accept") return { to: "reject", id, data: what === "physiologic" ? { is_physiologic: "on" } : {} };
  const value = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value;
  return { to: "accept", id, data: { lesion: value("lesion"), organ: value("organ") } };
}

/** @param {HTMLButtonElement} button */
const wordsOf = ({ dataset }) => /** @type {Record<string, string>} */ ({ accept: "accepted", reject: "not a lesion", physiologic: "physiologic", match: "match confirmed" })[dataset.do ?? ""];

/** @param {Marking} marking */
async function confirmLikely(marking) {
  const forms = /** @type {HTMLFormElement[]} */ ([...marking.work.root.querySelectorAll("form[data-likely]")]);
  for (const form of forms) {
    const label = form.closest("li")?.querySelector("a")?.dataset.label ?? "";
    const answer = await marking.steps.take(`${label} match confirmed`, { to: "match", id: form.dataset.match ?? "", data: {} });
    if (!answer) return;
    form.remove();
  }
  goOn(marking, "");
}

/** What is open after this one, all the way round, by its name. @param {Marking} marking @param {HTMLElement} item */
function following({ work }, item) {
  const links = /** @type {HTMLElement[]} */ ([...work.root.querySelectorAll(OPEN)]);
  const here = links.findIndex((link) => item.contains(link));
  const next = [...links.slice(here + 1), ...links.slice(0, Math.max(here, 0))].find((link) => !item.contains(link));
  return next?.dataset.lesion ?? next?.dataset.region ?? "";
}

/** To the next decision; after the last one to the first lesion. @param {Marking} marking @param {string} name */
function goOn({ work }, name) {
  const all = /** @type {HTMLElement[]} */ ([...work.root.querySelectorAll(OPEN)]);
  const link = all.find(({ dataset }) => name && (dataset.lesion === name || dataset.region === name)) ?? all[0];
  if (link?.dataset.lesion) work.choose(link.dataset.lesion);
  else if (link) work.chooseRegion("new", link.dataset.region ?? "");
  else document.dispatchEvent(new CustomEvent("reading:decided"));
}
