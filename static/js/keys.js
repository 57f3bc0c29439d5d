// Single letters act only outside inputs and can be turned off (WCAG 2.1.4).
// A page adds its own by data-key="d" on a link or button; data-key-label names it in the help.
// data-focus-key="i" acts only on the element that has the focus.
const OFF = "prrt.keys.off";
const GO = { h: "/", p: "/patients/", u: "/imaging/upload/" };
const help = document.getElementById("help");
let leader = 0;

const isOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
const isTyping = (el) => el.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName);

function listPageKeys() {
  const list = help?.querySelector("[data-help-keys]");
  for (const el of document.querySelectorAll("[data-key][data-key-label]")) {
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    const what = document.createElement("dd");
    key.textContent = el.dataset.key;
    what.textContent = el.dataset.keyLabel;
    term.append(key);
    list?.append(term, what);
  }
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
    if (to) location.assign(to);
    return;
  }
  if (event.key === "g") { leader = Date.now(); return; }
  if (event.key === "?") { event.preventDefault(); help?.showModal(); return; }
  if (event.key === "/") { event.preventDefault(); document.getElementById("search")?.focus(); return; }
  const focused = document.activeElement?.closest(`[data-focus-key="${CSS.escape(event.key)}"]`);
  const target = focused ?? [...document.querySelectorAll("[data-key]")].find((el) => el.dataset.key === event.key);
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
  toggle.addEventListener("change", () => {
    try { localStorage.setItem(OFF, toggle.checked ? "0" : "1"); } catch { /* nothing to remember it in */ }
  });
}
listPageKeys();
