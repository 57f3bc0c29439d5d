// The regimen: offered while it is typed, with its drugs and whether an alkylator is among them. Anything else may be typed.

const KNOWN = () => [...document.querySelector("template[data-regimens]").content.querySelectorAll("li")].map((li) => ({ ...li.dataset }));
const MOST = 6;

/** @param {HTMLFormElement} form */
export function regimens(form) {
  const all = KNOWN();
  form.addEventListener("input", (event) => { if (isBox(event.target)) open(event.target, all); });
  form.addEventListener("keydown", (event) => { if (isBox(event.target)) pressed(event, all); });
  form.addEventListener("focusout", (event) => { if (isBox(event.target)) left(event.target, all); });
  // Before the field loses the focus.
  form.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-combobox] [role=option]");
    if (!option) return;
    event.preventDefault();
    take(option.closest("[data-combobox]").querySelector("input"), all.find((one) => one.name === option.dataset.name));
  });
}

const isBox = (element) => element.matches?.("[data-kind=regimen]") ?? false;
const listOf = (input) => input.closest("[data-combobox]").querySelector("[role=listbox]");

function fitting(text, all) {
  const typed = text.trim().toLowerCase();
  if (!typed) return all.slice(0, MOST);
  const rank = (one) => (one.name.toLowerCase().startsWith(typed) ? 0 : one.drugs.toLowerCase().split(", ").some((drug) => drug.startsWith(typed)) ? 1 : one.name.toLowerCase().includes(typed) ? 2 : 9);
  return all.filter((one) => rank(one) < 9).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
}

function open(input, all) {
  const list = listOf(input);
  const found = fitting(input.value, all);
  list.replaceChildren(...found.map((one, i) => option(input, one, i === 0)));
  list.hidden = !found.length;
  input.setAttribute("aria-expanded", String(!list.hidden));
  point(input, list);
}

function option(input, one, isFirst) {
  const line = document.createElement("li");
  line.role = "option";
  line.id = `${input.id}-${one.name.replace(/\W/g, "-")}`;
  line.dataset.name = one.name;
  line.setAttribute("aria-selected", String(isFirst));
  const what = document.createElement("span");
  const name = document.createElement("strong");
  const drugs = document.createElement("span");
  name.textContent = one.name;
  drugs.className = "muted tiny";
  const words = [one.drugs !== one.name && one.drugs, one.days && `${one.days} d`].filter(Boolean);
  drugs.textContent = words.length ? ` ${words.join(", ")}` : "";
  what.append(name, drugs);
  line.append(what);
  if (one.mark) {
    const chip = document.createElement("span");
    chip.className = "chip chip-caution";
    chip.textContent = one.mark;
    line.append(chip);
  }
  return line;
}

function point(input, list) {
  const chosen = list.querySelector("[aria-selected=true]");
  if (chosen && !list.hidden) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
}

function close(input) {
  listOf(input).hidden = true;
  input.setAttribute("aria-expanded", "false");
  point(input, listOf(input));
}

function pressed(event, all) {
  const input = event.target;
  const list = listOf(input);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) open(input, all);
    else step(input, list, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && !list.hidden) {
    event.preventDefault();
    take(input, all.find((one) => one.name === list.querySelector("[aria-selected=true]")?.dataset.name));
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    event.stopPropagation();
    close(input);
  }
}

function step(input, list, by) {
  const options = [...list.children];
  const here = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  options.forEach((one, i) => one.setAttribute("aria-selected", String(i === (here + by + options.length) % options.length)));
  point(input, list);
}

/** Typed to the end and left by Tab: the known regimen of that name. */
function left(input, all) {
  const known = all.find((one) => one.name.toLowerCase() === input.value.trim().toLowerCase());
  if (known && !listOf(input).hidden) take(input, known);
  close(input);
}

function take(input, one) {
  if (!one) return close(input);
  input.value = one.name;
  const row = input.closest("[data-prefix]");
  for (const [name, text] of [["treatment_class", one.class], ["drugs", one.drugs]]) {
    const other = row.querySelector(`[name="${CSS.escape(`${row.dataset.prefix}.${name}`)}"]`);
    if (other) other.value = text;
  }
  close(input);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
