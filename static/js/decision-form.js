// The decision of a case of a meeting: saved two seconds after the last key, signed as it stands on the screen.
// What two people wrote is shown side by side, field by field; nothing is overwritten unseen. Without this module the
// form is posted as it is. A form that comes into the page later is taken care of when it is first touched.
// Events on the form, bubbling: decision:saved, decision:unsent (no network; the text is kept here), decision:signed
// (cancel it, or this page goes on to "next"). Events on the document: decision:leave (the form is about to go away; its
// save is added to detail.until), decision:shown (a form has come: what was kept for it comes back).
import "./one-due.js";
import { differing, merged, sameWords } from "./decision-merge.js";

const FORM = "form[data-decision-form]";
const IDLE_MS = 2000;
const RETRY_MS = 5000;
const forms = new WeakMap();

/** What is known of one form: the version on the screen, and the words the server last confirmed. */
function held(form) {
  if (!forms.has(form)) {
    forms.set(form, { version: Number(form.elements.version.value), base: words(form, true), timer: 0, isBusy: null, conflicts: new Set() });
  }
  return forms.get(form);
}

function words(form, isAsLoaded = false) {
  const chosen = (name) => [...form.querySelectorAll(`[name="${name}"]`)].filter((el) => isAsLoaded ? el.defaultChecked : el.checked).map((el) => el.value);
  const text = (name) => {
    const el = form.elements[name];
    if (isAsLoaded && el.options) return [...el.options].find((option) => option.defaultSelected)?.value ?? "";
    return isAsLoaded ? el.defaultValue : el.value;
  };
  const days = text("interval_days");
  return {
    outcome: chosen("outcome")[0] ?? "", text: text("text"), next_step: text("next_step"),
    interval_days: days === "" ? null : Number(days), due_date: text("due_date"), owner: text("owner"),
    considered: chosen("considered"), agreement: chosen("agreement")[0] ?? "", dissent: text("dissent"),
  };
}

function put(form, name, value) {
  const asList = Array.isArray(value) ? value : [String(value ?? "")];
  const boxes = form.querySelectorAll(`[name="${name}"]:is([type=radio], [type=checkbox])`);
  boxes.forEach((box) => { box.checked = asList.includes(box.value); });
  if (boxes.length) return;
  const el = form.elements[name];
  if (el.options && asList[0] && ![...el.options].some((option) => option.value === asList[0])) el.add(new Option(`${asList[0]} days`, asList[0]));
  el.value = asList[0];
}

function say(form, text) {
  const line = form.querySelector("[data-decision-state]");
  if (line && line.textContent !== text) line.textContent = text;
}

async function send(url, form, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "manual" });
  const isJson = response.headers.get("Content-Type")?.includes("json");
  return { status: response.status, told: isJson ? await response.json() : {} };
}

const place = (form) => `prrt.draft.${form.dataset.decisionForm}`;

function keep(form) {
  const state = held(form);
  try {
    localStorage.setItem(place(form), JSON.stringify({ version: state.version, base: state.base, content: words(form) }));
  } catch {
    // the text stands in the form; only a reload would lose it
  }
}

function forget(form) {
  try {
    localStorage.removeItem(place(form));
  } catch {
    // nothing was kept
  }
}

/** Saves what differs from the server. Resolves to whether form and server now agree. */
async function save(form) {
  const state = held(form);
  clearTimeout(state.timer);
  if (state.isBusy) await state.isBusy;
  if (sameWords(words(form), state.base)) return true;
  state.isBusy = attempt(form, state);
  const isSaved = await state.isBusy;
  state.isBusy = null;
  return isSaved;
}

async function attempt(form, state) {
  const content = words(form);
  say(form, "Saving");
  let answer;
  try {
    answer = await send(form.dataset.draftUrl, form, { version: state.version, content });
    if (answer.status >= 500) throw new Error(String(answer.status)); // the server or its database is away
  } catch {
    keep(form);
    say(form, "No answer from the server. Kept on this computer; it is sent when it is back.");
    form.dispatchEvent(new CustomEvent("decision:unsent", { bubbles: true }));
    state.timer = setTimeout(() => save(form), RETRY_MS);
    return false;
  }
  if (answer.status === 200) return saved(form, state, content, answer.told);
  if (answer.status === 409) return conflict(form, state, content, answer.told);
  refuse(form, answer);
  return false;
}

function saved(form, state, content, told) {
  Object.assign(state, { version: told.version, base: content });
  form.elements.version.value = told.version;
  forget(form);
  clearErrors(form);
  const at = new Date(told.saved_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  say(form, `Saved ${at}, version ${told.version}`);
  form.dispatchEvent(new CustomEvent("decision:saved", { bubbles: true, detail: told }));
  return true;
}

/** Theirs where only they wrote, mine where only I did; where both did, both are shown and a person chooses. */
function conflict(form, state, mine, told) {
  const { content, both } = merged(state.base, told.theirs, mine);
  for (const name of differing(mine, content)) {
    put(form, name, content[name]);
    mark(form, name, `changed by ${told.saved_by}`);
  }
  Object.assign(state, { version: told.version, base: told.theirs });
  form.elements.version.value = told.version;
  both.forEach((name) => state.conflicts.add(name));
  showConflict(form, state, told);
  if (state.conflicts.size) {
    say(form, `Not saved: ${told.saved_by} has written here too. Choose above.`);
    return false;
  }
  state.timer = setTimeout(() => save(form), 0);
  return false;
}

function mark(form, name, title) {
  const field = form.querySelector(`[data-field="${name}"]`);
  field?.setAttribute("data-changed", "");
  field?.setAttribute("title", title);
}

function shown(form, name, value) {
  const labels = (Array.isArray(value) ? value : [String(value ?? "")]).map((one) => {
    const el = [...form.querySelectorAll(`[name="${name}"]`)].find((box) => box.value === one && box.type !== "textarea" && box.labels?.length);
    if (el && (el.type === "radio" || el.type === "checkbox")) return el.labels[0].querySelector("span")?.textContent ?? el.labels[0].textContent.trim();
    return [...(form.elements[name]?.options ?? [])].find((option) => option.value === one)?.textContent ?? one;
  });
  return labels.join(", ") || "–";
}

function showConflict(form, state, told) {
  const box = form.querySelector("[data-conflict]");
  const list = form.querySelector("[data-conflict-list]");
  box.hidden = state.conflicts.size === 0;
  if (box.hidden) return;
  form.querySelector("[data-conflict-said]").textContent = `${told.saved_by} has changed this decision meanwhile. Choose which words stand.`;
  list.replaceChildren(...[...state.conflicts].map((name) => row(form, state, name, told)));
}

function row(form, state, name, told) {
  const block = document.createElement("div");
  const title = document.createElement("dt");
  const field = form.querySelector(`[data-field="${name}"]`);
  title.textContent = field?.querySelector("label, legend, summary")?.textContent ?? name;
  block.dataset.difference = name;
  const mine = words(form)[name];
  block.append(title, side(form, name, told.saved_by, told.theirs[name], "Take these", () => settle(form, state, name, told.theirs[name])),
    side(form, name, "You", mine, "Keep mine", () => settle(form, state, name, mine)));
  return block;
}

function side(form, name, who, value, action, onChoose) {
  const line = document.createElement("dd");
  const by = document.createElement("span");
  const quote = document.createElement("q");
  const button = document.createElement("button");
  by.className = "tiny muted";
  by.textContent = who;
  quote.textContent = shown(form, name, value);
  button.type = "button";
  button.className = "button button-small";
  button.textContent = action;
  button.addEventListener("click", onChoose);
  line.append(by, quote, button);
  return line;
}

function settle(form, state, name, value) {
  put(form, name, value);
  state.conflicts.delete(name);
  form.querySelector(`[data-difference="${name}"]`)?.remove();
  const box = form.querySelector("[data-conflict]");
  box.hidden = state.conflicts.size === 0;
  if (!box.hidden) return;
  form.querySelector(`[data-field="${name}"]`)?.querySelector("input, select, textarea")?.focus();
  if (sameWords(words(form), state.base)) say(form, `Version ${state.version}, as saved`);
  save(form);
}

function clearErrors(form) {
  form.querySelectorAll("[data-error]").forEach((el) => { el.hidden = true; });
  form.querySelectorAll("[aria-invalid]").forEach((el) => el.removeAttribute("aria-invalid"));
  form.querySelector("[data-decision-refused]").hidden = true;
}

/** Sentences beside their fields and once in the notice above; the first wrong field gets the focus. */
function refuse(form, { status, told }) {
  clearErrors(form);
  const errors = Object.entries(told.errors ?? { "": [status === 0 || status === 302 ? "You are signed out. Sign in in another tab, then try again." : `The server answered ${status}.`] });
  const list = form.querySelector("[data-decision-wrong]");
  list.replaceChildren(...errors.flatMap(([name, said]) => said.map((sentence) => item(form, name, sentence))));
  form.querySelector("[data-decision-refused]").hidden = false;
  say(form, "Not saved");
  const first = errors.map(([name]) => form.querySelector(`[data-field="${name}"]`)).find(Boolean);
  first?.closest("details")?.setAttribute("open", "");
  first?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function item(form, name, sentence) {
  const line = document.createElement("li");
  const field = form.querySelector(`[data-field="${name}"]`);
  const label = field?.querySelector("label, legend, summary")?.textContent.trim();
  line.textContent = label ? `${label}: ${sentence}` : sentence;
  const beside = field?.querySelector("[data-error]");
  if (beside) {
    beside.textContent = sentence;
    beside.hidden = false;
  }
  field?.querySelector("input:not([type=radio], [type=checkbox], [type=hidden]), select, textarea")?.setAttribute("aria-invalid", "true");
  return line;
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
  if (!await save(form)) return;
  const { password, code, key } = form.elements;
  say(form, "Signing");
  let answer;
  try {
    answer = await send(form.dataset.signUrl, form, { version: state.version, password: password.value, code: code?.value ?? "", key: key.value });
  } catch {
    say(form, "No answer from the server. Press Sign again: it is signed only once.");
    return;
  }
  if (answer.status === 200) return done(form, answer.told);
  if (answer.status === 409) return conflict(form, state, words(form), answer.told);
  refuse(form, answer);
  if (answer.status === 403) password.select();
}

function done(form, told) {
  form.elements.password.value = "";
  say(form, `Signed. Verification code ${told.verification}`);
  const event = new CustomEvent("decision:signed", { bubbles: true, cancelable: true, detail: told });
  if (form.dispatchEvent(event) && form.elements.next.value) location.assign(form.elements.next.value);
  else if (!event.defaultPrevented && !form.elements.next.value) location.assign(form.dataset.draftUrl);
}

/** Words kept while there was no network come back into the form, as a change that still has to be saved. */
function restore(form) {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(place(form)) ?? "null");
  } catch {
    return;
  }
  if (!kept) return;
  Object.entries(kept.content).forEach(([name, value]) => put(form, name, value));
  Object.assign(held(form), { version: kept.version, base: kept.base });
  save(form);
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
document.addEventListener("submit", (event) => {
  const form = event.target.closest?.(FORM);
  if (!form) return;
  event.preventDefault();
  if (event.submitter?.matches("[data-save-draft]")) save(form);
  else sign(form);
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(FORM) ?? document.querySelector(FORM);
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const { password } = form.elements;
  if (password && !password.value) password.focus();
  else if (password) sign(form);
});
addEventListener("beforeunload", (event) => {
  const isDirty = [...document.querySelectorAll(FORM)].some((form) => forms.has(form) && !sameWords(words(form), held(form).base));
  if (isDirty) event.preventDefault();
});
document.addEventListener("decision:leave", (/** @type {any} */ event) => event.detail.until.push(...[...document.querySelectorAll(FORM)].map(save)));
document.addEventListener("decision:shown", () => document.querySelectorAll(FORM).forEach(restore));
addEventListener("online", () => document.querySelectorAll(FORM).forEach(save));
document.querySelectorAll(FORM).forEach(restore);
