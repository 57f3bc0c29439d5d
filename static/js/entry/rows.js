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
