// Single letters act only outside inputs and can be turned off (WCAG 2.1.4).
// A page adds its own by data-key="d" on a link or button; data-key-label names it in the help.
const OFF = "prrt.keys.off";
/** @type {Record<string, string>} */
const GO = { h: "/", p: "/patients/", u: "/imaging/upload/" };
/** @type {Record<string, number>} */
const ROW_STEP = { j: 1, k: -1 };
const help = /** @type {HTMLDialogElement | null} */ (document.getElementById("help"));
const keyed = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-key]"));
let leader = 0;

export const isOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
const TYPED = 'input:not([type="radio"], [type="checkbox"], [type="range"], [type="button"], [type="submit"]), select, textarea';
/** @param {HTMLElement} el */
export const isTyping = (el) => el.isContentEditable || el.matches(TYPED);

function listPageKeys() {
  const list = help?.querySelector("[data-help-keys]");
  for (const el of keyed()) {
    if (!el.dataset.keyLabel) continue;
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    const what = document.createElement("dd");
    key.textContent = el.dataset.key ?? "";
    what.textContent = el.dataset.keyLabel;
    term.append(key);
    list?.append(term, what);
  }
}

/**
 * J and K go from row to row of a list; Enter follows the row's link, as on any link.
 * @param {number} step
 */
function stepRow(step) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-row]")]);
  const here = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step));
  rows[next]?.focus();
  return rows.length > 0;
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = /** @type {HTMLElement} */ (event.target);
  if (isTyping(field)) {
    if (event.key === "Escape") field.blur();
    return;
  }
  if (isOff() || document.querySelector("dialog[open]")) return;
  if (Date.now() - leader < 1500) {
    leader = 0;
    const to = GO[event.key];
    if (to) location.assign(to);
    return;
  }
  if (event.key === "g") { leader = Date.now(); return; }
  if (event.key === "?") { event.preventDefault(); help?.showModal(); return; }
  if (event.key === "/") { event.preventDefault(); document.getElementById("search")?.focus(); return; }
  if (event.key in ROW_STEP && stepRow(ROW_STEP[event.key])) { event.preventDefault(); return; }
  const target = [...keyed()].find((el) => el.dataset.key === event.key);
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.click();
}

document.addEventListener("keydown", press);
document.querySelector("[data-help-open]")?.addEventListener("click", () => help?.showModal());
const toggle = /** @type {HTMLInputElement | null | undefined} */ (help?.querySelector("[data-keys-toggle]"));
if (toggle) {
  toggle.checked = !isOff();
  toggle.addEventListener("change", () => {
    try { localStorage.setItem(OFF, toggle.checked ? "0" : "1"); } catch { /* nothing to remember it in */ }
  });
}
listPageKeys();
