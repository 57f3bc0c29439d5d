// The proforma: one page, six cards, everything by keyboard. What is typed goes to the draft; what the server says is shown.
import { alike } from "./alike.js";
import { regimens } from "./combobox.js";
import { draftOf } from "./draft.js";
import { forget, kept, sweep } from "./kept.js";
import { changes } from "./merge.js";
import { focusIn, gaps } from "./missing.js";
import { pasting } from "./paste.js";
import { addRow, complete, copyLast, number, removeRow, rowsOf } from "./rows.js";
import { submitting } from "./submit.js";
import { shown, titleOf } from "./words.js";

const form = document.querySelector("form[data-entry]");
const { user, case: about } = form.dataset;
const draft = draftOf(form);

// A row stands ready where a first one is expected; an empty row is nothing until it is typed in.
for (const card of ["histology", "lines"]) if (!rowsOf(form, card).length) addRow(form, card);
form.querySelectorAll("[data-rows]").forEach(number);

function today(input) {
  if (input.dataset.kind !== "date" || !["t", "today", "heute"].includes(input.value.trim().toLowerCase())) return;
  const now = new Date();
  input.value = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

const isTyped = (element) => element.name?.includes(".");
form.addEventListener("input", (event) => { if (isTyped(event.target)) draft.touched(); });
form.addEventListener("change", (event) => {
  if (!isTyped(event.target)) return;
  today(event.target);
  complete(form, event.target);
  draft.touched();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("click", (event) => {
  const add = event.target.closest("[data-row-add]");
  const remove = event.target.closest("[data-row-remove]");
  const copy = event.target.closest("[data-row-copy]");
  if (add) focusIn(addRow(form, add.dataset.rowAdd).querySelector("[data-entry-field]"));
  if (copy) focusIn(copyLast(form, copy.dataset.rowCopy).querySelector("[data-entry-field$='.clinical_date']"));
  if (remove) {
    const row = remove.closest("[data-prefix]");
    const card = row.closest("[data-card]");
    removeRow(row);
    card.querySelector("[data-row-add]").focus();
  }
  if (copy || remove) draft.touched();
});
form.addEventListener("keydown", (event) => {
  // Enter goes on, it does not submit; Delete takes a choice back.
  if (event.key === "Enter" && event.target.matches("input") && !event.defaultPrevented) event.preventDefault();
  if (["Delete", "Backspace"].includes(event.key) && event.target.type === "radio") {
    event.target.checked = false;
    draft.touched();
  }
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
  event.preventDefault();
  draft.save(true);
});
document.querySelector("[data-save-now]").addEventListener("click", () => draft.save(true));

regimens(form);
gaps(form, draft.touched);
alike(form, draft.send, draft.tell);
pasting(form, draft.send, draft.touched);
submitting(form, draft);

/** Words of this person that never reached the server, of one page after the other: whether they still hold is for the person to say. */
function offer(waiting) {
  const [found, ...others] = waiting;
  if (!found) return;
  const names = Object.keys(changes(found.base, found.content));
  const box = form.querySelector("[data-kept]");
  const at = new Date(found.at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  box.querySelector("[data-kept-said]").textContent = `Written here at ${at} and not saved on the server${others.length ? ` (${others.length} more after this)` : ""}:`;
  box.querySelector("[data-kept-words]").replaceChildren(...names.map((name) => Object.assign(document.createElement("li"), { textContent: `${titleOf(form, name)}: ${shown(form, name, found.content[name] ?? "")}` })));
  box.hidden = false;
  const answer = (act) => async () => { box.hidden = true; if (await act(found)) offer(others); };
  box.querySelector("[data-kept-take]").onclick = answer(draft.takeOver);
  box.querySelector("[data-kept-drop]").onclick = answer(draft.drop);
}

/** Those that hold something; the others go. */
function waiting() {
  const found = kept(user, about);
  const isEmpty = (one) => !Object.keys(changes(one.base, one.content)).length;
  found.filter(isEmpty).forEach((one) => forget(one.name));
  return found.filter((one) => !isEmpty(one));
}

sweep(user);
offer(waiting());
draft.save(true).then(() => { form.dataset.isReady = ""; });
if (form.dataset.duplicate) form.querySelector("[name='patient.case_number']").focus({ preventScroll: true });
