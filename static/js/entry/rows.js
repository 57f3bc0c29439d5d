// Rows of a card: added in place from its template, numbered, taken away, or begun as a copy of the last one.

/** @param {HTMLFormElement} form @param {string} card @param {string} [key] @returns {any} */
export function addRow(form, card, key = newKey()) {
  const blank = form.querySelector(`template[data-blank="${card}"]`);
  const list = form.querySelector(`[data-rows="${card}"]`);
  if (!blank || !list) return null;
  const piece = blank.content.cloneNode(true);
  for (const element of piece.querySelectorAll("*")) {
    for (const attribute of element.attributes) {
      if (attribute.value.includes("__row__")) attribute.value = attribute.value.replaceAll("__row__", key);
    }
  }
  list.append(piece);
  number(list);
  return list.lastElementChild;
}

/** @param {any} row */
export function removeRow(row) {
  row.querySelector("input[name$='.gone']").value = "yes";
  row.hidden = true;
  number(row.parentElement);
}

/** @param {HTMLFormElement} form @param {string} card @returns {any[]} */
export const rowsOf = (form, card) => [...form.querySelectorAll(`[data-rows="${card}"] > [data-prefix]`)].filter((row) => !row.hidden);

/** The last row once more, without its day and note. @param {HTMLFormElement} form @param {string} card */
export function copyLast(form, card) {
  const last = rowsOf(form, card).at(-1);
  const row = addRow(form, card);
  for (const input of last?.querySelectorAll("[name]") ?? []) {
    if (/\.(clinical_date|number|note|gone)$/.test(input.name)) continue;
    const name = input.name.replace(last.dataset.prefix, row.dataset.prefix);
    for (const target of row.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (target.type === "radio") target.checked = target.value === input.value ? input.checked : target.checked;
      else target.value = input.value;
    }
  }
  return row;
}

const SAID = { prrt: "compound", ssa: "drug" };

/** What the lines and the row before have said already, once a day is typed: a row that is only added stays empty. @param {HTMLFormElement} form @param {any} input */
export function complete(form, input) {
  const row = input.closest("[data-row-of]");
  const card = row?.dataset.rowOf;
  if (!(card in SAID) || !input.name.endsWith(".clinical_date") || !/\d/.test(input.value)) return;
  const others = rowsOf(form, card).filter((one) => one !== row);
  if (card === "prrt") fill(row, "number", String(Math.max(0, ...others.map((one) => Number(textOf(one, "number")) || 0)) + 1));
  const lines = rowsOf(form, "lines").filter((one) => textOf(one, "treatment_class") === card);
  const said = new Set((others.length ? others.slice(-1) : lines).map((one) => textOf(one, others.length ? SAID[card] : "regimen")));
  if (said.size === 1) fill(row, SAID[card], [...said][0]);
}

const box = (row, name) => row.querySelector(`[name$=".${name}"]`);
const textOf = (row, name) => box(row, name)?.value.trim() ?? "";

/** Only where nothing stands. */
function fill(row, name, text) {
  const found = box(row, name);
  if (found.value === "") found.value = text;
}

/** @param {any} list */
export function number(list) {
  [...list.children].filter((row) => !row.hidden).forEach((row, i) => {
    const place = row.querySelector("[data-row-number]");
    if (place) place.textContent = String(i + 1);
  });
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return `n${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
