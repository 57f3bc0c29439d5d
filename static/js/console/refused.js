// Notes that the server did not take: their text stays here until the person throws it away, or twelve hours.
const LONGEST_MS = 12 * 3600 * 1000;
const KINDS = { note: "Minuted note", private: "Private note" };

/** @typedef {{id: string, life: number, text: string, why: string, at: number}} Refused */

/** ``onChange(list)``: what is kept now. */
export function refusedOf({ user, onChange }) {
  const place = `prrt.refused.${user}`;
  const life = Date.now(); // of this page: a text is corrected only by the page in which it was typed
  /** @type {Refused[]} */
  let list = read(place);

  function set(next) {
    list = next;
    write(place, list);
    onChange(list);
  }

  const others = (id, whose = life) => list.filter((one) => one.id !== id || one.life !== whose);
  return {
    add(entry, why) { set([...others(entry.id), { id: entry.id, life, text: entry.fields.text, why, at: Date.now() }]); },
    /** Its text has been taken after all. */
    taken(id) { if (list.length !== others(id).length) set(others(id)); },
    drop(one) { set(others(one.id, one.life)); },
    list: () => list,
  };
}

/** @param {HTMLElement} details @param {Refused[]} list @param {(item: string) => string} caseOf @param {(one: Refused) => void} onDrop */
export function showRefused(details, list, caseOf, onDrop) {
  details.hidden = list.length === 0;
  details.querySelector("[data-refused-count]").textContent = list.length === 1 ? "1 note not taken" : `${list.length} notes not taken`;
  details.querySelector("[data-refused-list]").replaceChildren(...list.map((one) => row(one, caseOf, onDrop)));
}

function row(one, caseOf, onDrop) {
  const [kind, ...item] = one.id.split("-");
  const line = document.createElement("li");
  const title = document.createElement("strong");
  const why = document.createElement("span");
  const text = document.createElement("textarea");
  const drop = document.createElement("button");
  const number = caseOf(item.join("-"));
  title.textContent = `${KINDS[kind] ?? "Note"} on ${number ? `case ${number}` : "a case that is not on the agenda"}`;
  why.className = "muted";
  why.textContent = one.why;
  Object.assign(text, { className: "textarea", readOnly: true, rows: 3, value: one.text, ariaLabel: title.textContent });
  text.addEventListener("focus", () => text.select());
  Object.assign(drop, { className: "button button-small", type: "button", textContent: "Throw it away" });
  drop.addEventListener("click", () => onDrop(one));
  line.append(title, why, text, drop);
  return line;
}

function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "[]").filter((one) => Date.now() - one.at < LONGEST_MS);
  } catch {
    return [];
  }
}

function write(place, list) {
  try {
    if (list.length) localStorage.setItem(place, JSON.stringify(list));
    else localStorage.removeItem(place);
  } catch {
    // nothing to keep it in: it stays on this page
  }
}
