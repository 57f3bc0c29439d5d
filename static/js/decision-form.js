// The decision of a case of a meeting: saved two seconds after the last key, signed as it stands on the screen.
// What two people wrote is shown side by side, field by field; nothing is overwritten unseen, and until a person has chosen
// nothing is saved or signed. Without this module the form is posted as it is. A form that comes into the page later is
// taken care of when it is first touched.
// Events on the form (on the document, where the form has left the page), bubbling: decision:saved, decision:unsent (the
// text is kept here; detail.status says why), decision:signed (cancel it, or this page goes on to "next"). Events on the
// document: decision:leave (the form is about to go away; its save is added to detail.until and says whether all is saved),
// decision:shown (a form has come: what was kept for it is offered).
import { ask, isAway } from "./asking.js";
import { chosen, mark, pointAt, showConflict } from "./decision-conflict.js";
import { clearErrors, refuse } from "./decision-errors.js";
import { forget, keep, kept, sweep } from "./decision-kept.js";
import "./one-due.js";
import { differing, merged, sameWords } from "./decision-merge.js";
import { fieldOf, put, shown, titleOf, words } from "./decision-words.js";
import { lock } from "./lock.js";
import { isTyping } from "./typing.js";

const FORM = "form[data-decision-form]";
const IDLE_MS = 2000;
const RETRY_MS = 5000;
const SIGNED_OUT_MS = 15_000;
const forms = new WeakMap();

/** What is known of one form: the version on the screen, and the words the server last confirmed. */
function held(form) {
  if (!forms.has(form)) {
    const loaded = { version: Number(form.elements.version.value), base: words(form, true) };
    forms.set(form, { ...loaded, timer: 0, isBusy: null, conflicts: new Set(), before: null, offered: null });
  }
  return forms.get(form);
}

function say(form, text) {
  const line = form.querySelector("[data-decision-state]");
  if (line && line.textContent !== text) line.textContent = text;
}

function tell(form, name, detail = {}) {
  const event = new CustomEvent(name, { bubbles: true, cancelable: true, detail });
  (form.isConnected ? form : document).dispatchEvent(event);
  return event;
}

const timeOf = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const drop = (form) => forget(form.dataset.user, form.dataset.decisionForm);

const send = (url, form, body) => ask(url, form.dataset.user, JSON.stringify(body), { "Content-Type": "application/json" });

/** While a choice is open the words are kept as they were before it: coming back later asks for it again. Words of an earlier
 *  time that wait for an answer are not replaced. */
function keepWords(form) {
  if (held(form).offered) return;
  const { version, base } = held(form).before ?? held(form);
  keep(form.dataset.user, form.dataset.decisionForm, { version, base, content: words(form) });
}

/** Saves what differs from the server. Resolves to whether form and server now agree. */
async function save(form, isAsked = false) {
  const state = held(form);
  clearTimeout(state.timer);
  while (state.isBusy) await state.isBusy;
  if (state.conflicts.size) return chooseFirst(form, isAsked);
  if (sameWords(words(form), state.base)) return true;
  state.isBusy = attempt(form, state, isAsked);
  const isSaved = await state.isBusy;
  state.isBusy = null;
  return isSaved && (sameWords(words(form), state.base) || save(form, isAsked));
}

function chooseFirst(form, isAsked) {
  keepWords(form);
  say(form, "Not saved, not signed: choose first which words stand.");
  if (isAsked) pointAt(form);
  return false;
}

async function attempt(form, state, isAsked) {
  const content = words(form);
  say(form, "Saving");
  const answer = await send(form.dataset.draftUrl, form, { version: state.version, content });
  if (answer.status === 200) return saved(form, state, content, answer.said);
  if (answer.status === 409 && answer.said.theirs) return conflict(form, state, answer.said) && attempt(form, state, isAsked);
  keepWords(form);
  if (isAway(answer.status) || answer.status === 401) return unsent(form, state, answer.status);
  refuse(form, answer, isAsked);
  say(form, "Not saved");
  return false;
}

function unsent(form, state, status) {
  const isOut = status === 401;
  const why = isOut ? "You are signed out: sign in again in another tab." : "No answer from the server.";
  const isKept = `Kept on this computer; it is sent ${isOut ? "after that" : "when it is back"}.`;
  say(form, `${why} ${state.offered ? "Leave the page open and choose above what becomes of the words kept before." : isKept}`);
  tell(form, "decision:unsent", { status });
  state.timer = setTimeout(() => save(form), isOut ? SIGNED_OUT_MS : RETRY_MS);
  return false;
}

function saved(form, state, content, told) {
  Object.assign(state, { version: told.version, base: content, before: null });
  form.elements.version.value = told.version;
  if (!state.offered) drop(form);
  clearErrors(form);
  say(form, `Saved ${timeOf(told.saved_at)}, version ${told.version}`);
  tell(form, "decision:saved", told);
  return true;
}

/** Theirs where only they wrote, mine where only I did; where both did, a person chooses. Whether nothing is to be chosen. */
function conflict(form, state, told) {
  const mine = words(form);
  const { content, both } = merged(state.base, told.theirs, mine);
  for (const name of differing(mine, content)) {
    put(form, name, content[name]);
    mark(form, name, `changed by ${told.saved_by}`);
  }
  if (both.length) state.before = { version: state.version, base: state.base };
  Object.assign(state, { version: told.version, base: told.theirs, conflicts: new Set(both) });
  form.elements.version.value = told.version;
  showConflict(form, both, told, (name, value) => settle(form, state, name, value));
  if (!both.length) return true;
  keepWords(form);
  say(form, `Not saved: ${told.saved_by} has written here too. Choose above.`);
  return false;
}

function settle(form, state, name, value) {
  put(form, name, value);
  state.conflicts.delete(name);
  if (!chosen(form, name)) return;
  state.before = null;
  fieldOf(form, name)?.querySelector("input, select, textarea")?.focus();
  if (sameWords(words(form), state.base)) say(form, `Version ${state.version}, as saved`);
  save(form, true);
}

async function sign(form) {
  const state = held(form);
  const button = form.querySelector("[data-sign]");
  button.disabled = true;
  try {
    await settled(form, state);
  } finally {
    button.disabled = false;
  }
}

async function settled(form, state) {
  if (!await save(form, true)) return;
  const { password, code, key } = form.elements;
  say(form, "Signing");
  const unlock = lock(form);
  const answer = await send(form.dataset.signUrl, form, { version: state.version, password: password?.value ?? "", code: code?.value ?? "", key: key.value });
  if (answer.status !== 200) unlock();
  if (answer.status === 0) return say(form, "No answer from the server. Press Sign again: it is signed only once.");
  if (answer.status === 200) return done(form, answer.said);
  if (answer.status === 409 && answer.said.theirs) return lookAgain(form, state, answer.said);
  if (answer.status === 401) keepWords(form);
  refuse(form, answer, true);
  say(form, "Not signed");
  if (answer.status === 403) password?.select();
}

/** Somebody saved between the last save and the signature: what is signed must have been seen. */
async function lookAgain(form, state, told) {
  if (conflict(form, state, told) && await save(form)) say(form, `${told.saved_by} has changed this decision meanwhile. Look at it, then sign.`);
}

function done(form, told) {
  drop(form);
  if (form.elements.password) form.elements.password.value = "";
  say(form, `Signed. Verification code ${told.verification}`);
  const isTaken = tell(form, "decision:signed", told).defaultPrevented;
  if (!isTaken && form.isConnected) location.assign(form.elements.next.value || form.dataset.draftUrl);
}

/** Words kept while they could not be sent are offered: whether they still hold is for the person to say. */
function offer(form) {
  const found = kept(form.dataset.user, form.dataset.decisionForm);
  const box = form.querySelector("[data-kept]");
  if (!found || !box || held(form).offered) return;
  const typed = differing(found.content, found.base).filter((name) => differing(found.content, words(form)).includes(name));
  if (!typed.length) return drop(form);
  held(form).offered = { ...found, typed };
  box.querySelector("[data-kept-said]").textContent = `Written here at ${timeOf(found.at)} and not saved:`;
  box.querySelector("[data-kept-words]").textContent = typed.map((name) => `${titleOf(form, name) ?? name}: ${shown(form, name, found.content[name])}`).join("\n");
  box.hidden = false;
}

function answered(form, isTaken) {
  const state = held(form);
  const { offered } = state;
  state.offered = null;
  form.querySelector("[data-kept]").hidden = true;
  drop(form);
  if (!isTaken || !offered) return void save(form);
  offered.typed.forEach((name) => put(form, name, offered.content[name]));
  Object.assign(state, { version: offered.version, base: offered.base });
  save(form, true);
}

function touched(event) {
  const form = event.target.closest?.(FORM);
  if (!form || ["password", "code"].includes(event.target.name)) return;
  const state = held(form);
  event.target.closest("[data-field]")?.removeAttribute("data-changed");
  say(form, "Not saved yet");
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), IDLE_MS);
}

document.addEventListener("input", touched);
document.addEventListener("change", touched);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-kept-take], [data-kept-drop]");
  if (button) answered(button.form, button.matches("[data-kept-take]"));
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.(FORM);
  if (!form || event.submitter?.matches("[data-elsewhere]")) return; // goes to a tab of its own; this page stays
  event.preventDefault();
  if (event.submitter?.matches("[data-save-draft]")) save(form, true);
  else sign(form);
});
// From inside the form, or where nothing is being typed: in another text the same keys are meant for that one.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(FORM) ?? (isTyping(/** @type {HTMLElement} */ (event.target)) ? null : document.querySelector(FORM));
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const { password } = form.elements;
  if (password && !password.value) password.focus();
  else if (form.querySelector("[data-sign]")) sign(form);
});
addEventListener("beforeunload", (event) => {
  const isDirty = [...document.querySelectorAll(FORM)].some((form) => forms.has(form) && !sameWords(words(form), held(form).base));
  if (isDirty) event.preventDefault();
});
document.addEventListener("decision:leave", (/** @type {any} */ event) => event.detail.until.push(...[...document.querySelectorAll(FORM)].map((form) => save(form))));
document.addEventListener("decision:shown", () => document.querySelectorAll(FORM).forEach(offer));
addEventListener("online", () => document.querySelectorAll(FORM).forEach((form) => save(form)));
sweep();
document.querySelectorAll(FORM).forEach(offer);
