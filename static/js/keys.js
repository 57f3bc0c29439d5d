// Single letters act only outside inputs and can be turned off (WCAG 2.1.4).
// A page adds its own by data-key="d" on a link or button; data-key-label names it in the help.
// data-key-also=". Home" names further keys of the same element. data-focus-key="i" acts only on the element that has the focus.
import { isOff, isTyping, turn } from "./typing.js";

const GO = { h: "/", p: "/patients/", m: "/meetings/", c: "/cohort/", u: "/imaging/upload/" };
const ROW_STEP = { j: 1, k: -1 };
const help = document.getElementById("help");
let leader = 0;

function listPageKeys() {
  const list = help?.querySelector("[data-help-keys]");
  for (const el of document.querySelectorAll("[data-key][data-key-label]")) {
    const term = document.createElement("dt");
    const what = document.createElement("dd");
    for (const name of keysOf(el)) {
      const key = document.createElement("kbd");
      key.textContent = name;
      term.append(key, " ");
    }
    what.textContent = el.dataset.keyLabel;
    list?.append(term, what);
  }
}

const keysOf = (el) => [el.dataset.key, ...(el.dataset.keyAlso?.split(" ") ?? [])];

// J and K go from row to row of a list; Enter follows the row's link, as on any link.
function stepRow(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const here = rows.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step));
  rows[next]?.focus();
  return rows.length > 0;
}

function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (isOff() || document.querySelector("dialog[open]")) return;
  if (Date.now() - leader < 1500) {
    leader = 0;
    const to = GO[event.key];
    const rail = document.querySelector(".rail");
    // A key leads where the navigation of this role does.
    if (to && (!rail || rail.querySelector(`a[href$="${to}"]`))) location.assign(to);
    return;
  }
  if (event.key === "g") { leader = Date.now(); return; }
  if (event.key === "?") { event.preventDefault(); help?.showModal(); return; }
  if (event.key === "/") { event.preventDefault(); document.getElementById("search")?.focus(); return; }
  if (event.key in ROW_STEP && stepRow(ROW_STEP[event.key])) { event.preventDefault(); return; }
  const focused = document.activeElement?.closest(`[data-focus-key="${CSS.escape(event.key)}"]`);
  const target = focused ?? [...document.querySelectorAll("[data-key]")].find((el) => keysOf(el).includes(event.key) && !el.closest("[inert]"));
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.click();
}

document.addEventListener("keydown", press);
document.querySelector("[data-help-open]")?.addEventListener("click", () => help?.showModal());
const toggle = help?.querySelector("[data-keys-toggle]");
if (toggle) {
  toggle.checked = !isOff();
  toggle.addEventListener("change", () => turn(toggle.checked));
}
listPageKeys();
