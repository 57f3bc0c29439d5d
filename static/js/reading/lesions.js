// The list on the left: which lesion is chosen, the next and the one before, and scores as they are given.

/** @typedef {import("./workspace.js").Workspace} Workspace */

const LINKS = ".lesions a[data-lesion], .lesions a[data-region]";

/** @param {Workspace} work @param {HTMLElement} root */
export function showLesions(work, root) {
  root.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest(LINKS);
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    pick(work, link);
  });
  const show = () => {
    for (const link of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(LINKS))) mark(link, isOf(link, work.state));
  };
  work.store.subscribe((now, before) => {
    if (now.lesion !== before.lesion || now.region !== before.region) show();
  });
  document.addEventListener("reading:fresh", show);
  document.addEventListener("reading:go", (event) => work.choose(/** @type {CustomEvent} */ (event).detail.lesion));
  root.querySelector(".grading")?.addEventListener("focusin", (event) => follow(work, /** @type {HTMLElement} */ (event.target)));
  document.addEventListener("reading:scored", (event) => scored(root, /** @type {CustomEvent} */ (event).detail));
  work.choose(new URLSearchParams(location.hash.slice(1)).get("lesion") ?? ""); // an address may open at a lesion
}

/** Whoever types a score sees its lesion. @param {Workspace} work @param {HTMLElement} field */
function follow(work, field) {
  const lesion = /** @type {HTMLElement | null} */ (field.closest("[data-lesion]"))?.dataset.lesion;
  if (lesion && lesion !== work.state.lesion) work.choose(lesion);
}

/** @param {Workspace} work @param {HTMLElement} link */
function pick(work, link) {
  if (link.dataset.lesion) work.choose(link.dataset.lesion);
  else work.chooseRegion("new", link.dataset.region ?? "");
}

/** @param {HTMLElement} link @param {import("./types.d.ts").State} state */
const isOf = (link, state) => (link.dataset.lesion ? link.dataset.lesion === state.lesion : link.dataset.region === state.region);

/** @param {HTMLElement} link @param {boolean} isChosen */
function mark(link, isChosen) {
  if (!isChosen) return link.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  link.scrollIntoView({ block: "nearest" });
}

/** The next lesion or open focus, all the way round. @param {Workspace} work @param {HTMLElement} root @param {number} by */
export function stepLesion(work, root, by) {
  const links = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-lesions] [data-lesion], [data-foci] [data-region]")]);
  if (!links.length) return;
  const here = links.findIndex((link) => isOf(link, work.state));
  const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : (here + by + links.length) % links.length;
  pick(work, links[next]);
}

/** @param {HTMLElement} root @param {{lesion: string, score: string | number, isDone: boolean}} detail */
function scored(root, { lesion, score, isDone }) {
  const link = root.querySelector(`.lesions [data-lesion="${CSS.escape(lesion)}"]`);
  const tile = link?.querySelector('[data-score="new"] .krenning');
  const source = link?.querySelector('[data-score="new"] .source');
  if (!tile || !source) return;
  const text = String(score);
  tile.className = `krenning ${/^[0-4]$/.test(text) ? `k${text}` : "k-missing"}`;
  tile.textContent = text || "–";
  source.textContent = isDone ? "read" : "to read";
}
