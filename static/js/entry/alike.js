// Cases that may be the one that is being opened: side by side, with an answer that is kept.
import { words } from "./words.js";

const ANSWERS = [["same", "Same case"], ["different", "Different"], ["unsure", "Unsure"]];

/** @param {HTMLFormElement} form @param {(url: string, body: object) => Promise<{status: number, said: any}>} send @param {(said: any) => void} tell */
export function alike(form, send, tell) {
  const box = form.querySelector("[data-alike]");
  if (!box) return;
  form.addEventListener("entry:looked", (event) => show(/** @type {CustomEvent} */ (event).detail));

  function show(said) {
    const open = (said.alike ?? []).filter((one) => one.is_same_number || !["different", "unsure"].includes(one.answer));
    const taken = said.taken ? [notice(said.taken)] : [];
    const key = JSON.stringify([said.taken, open]);
    if (box.dataset.shown === key) return; // a button under the finger stays where it is
    box.dataset.shown = key;
    box.replaceChildren(...taken, ...open.map(pair));
    box.hidden = !taken.length && !open.length;
  }

  function pair(one) {
    const made = notice(`Case ${one.case_number} may be the same: ${one.why}.`);
    const body = made.querySelector("div");
    const sides = document.createElement("div");
    sides.className = "entry-sides";
    sides.append(side("This entry", mine()), side(`Case ${one.case_number}`, one.facts));
    const actions = document.createElement("p");
    actions.className = "actions";
    for (const [answer, label] of ANSWERS) {
      if (one.is_same_number && answer !== "same") continue;
      actions.append(button(label, () => said(one.case_number, answer)));
    }
    body.append(sides, actions);
    return made;
  }

  async function said(caseNumber, answer) {
    const found = await send(form.dataset.duplicate, { case_number: caseNumber, answer, values: words(form) });
    if (found.status !== 200) return;
    if (found.said.address) location.assign(found.said.address);
    else tell(found.said);
  }

  /** In the words and the order of the other side. */
  function mine() {
    const typed = words(form);
    const sex = { F: "female", M: "male", O: "other", U: "unknown" }[typed["patient.sex_for_formulas"]];
    return [sex, `born ${typed["patient.birth_date"] || "not typed yet"}`, typed["patient.centre"]].filter(Boolean);
  }
}

function side(title, facts) {
  const list = document.createElement("ul");
  list.className = "small";
  const head = document.createElement("li");
  const strong = document.createElement("strong");
  strong.textContent = title;
  head.append(strong);
  list.append(head, ...facts.map((fact) => Object.assign(document.createElement("li"), { textContent: fact })));
  return list;
}

function notice(text) {
  const made = document.createElement("div");
  made.className = "notice notice-caution";
  const body = document.createElement("div");
  body.append(Object.assign(document.createElement("p"), { textContent: text }));
  made.append(body);
  return made;
}

function button(label, onPress) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button-small";
  made.textContent = label;
  made.addEventListener("click", onPress);
  return made;
}
