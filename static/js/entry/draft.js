// The draft: saved every few seconds under the version that was seen, kept here while the server is away, sent when it is back.
import { ask, isAway } from "../asking.js";
import { showDifferences } from "./differences.js";
import { forget, keep, ownPlace } from "./kept.js";
import { changes, compared } from "./merge.js";
import { show } from "./show.js";
import { put, words } from "./words.js";

const SAVE_MS = 4000;
const LOOK_MS = 300;
const RETRY_MS = 5000;
const JSON_TYPE = { "Content-Type": "application/json" };
const timeOf = (at = Date.now()) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** @param {HTMLFormElement} form */
export function draftOf(form) {
  const state = {
    version: form.dataset.version,
    base: words(form),
    saveTimer: 0,
    lookTimer: 0,
    looked: 0,
    since: "",
    savedAt: "",
    /** @type {Promise<boolean> | null} */
    busy: null,
    /** @type {Set<string>} */
    open: new Set(),
    /** @type {Record<string, string>} */
    forced: {},
    /** @type {string[]} places of words that were taken over: forgotten as soon as the server has them */
    taken: [],
    isSent: false,
  };
  const { user, case: about, draft } = form.dataset;
  const own = ownPlace(user, about);

  const say = (text) => {
    const line = document.querySelector("[data-state]");
    if (line.textContent !== text) line.textContent = text;
    line.dataset.tone = /^(Not saved|You are)/.test(text) && text !== "Not saved yet." ? "caution" : "";
  };
  const send = (url, body) => ask(url, user, JSON.stringify({ draft, ...body }), JSON_TYPE);
  const unsaved = () => ({ ...changes(state.base, words(form)), ...state.forced });
  const keepHere = () => keep(own, { version: state.version, base: state.base, content: words(form) });

  function touched() {
    if (state.isSent) return;
    if (!state.since) say("Not saved yet.");
    if (state.since) keepHere();
    state.saveTimer ||= setTimeout(() => save(), SAVE_MS);
    clearTimeout(state.lookTimer);
    state.lookTimer = setTimeout(look, LOOK_MS);
  }

  async function look() {
    const turn = ++state.looked;
    const answer = await send(form.dataset.look, { values: changes(state.base, words(form)) });
    if (turn !== state.looked) return; // something newer was asked since
    if (answer.status === 200) tell(answer.said);
    else if (answer.status === 422) refused(answer.said);
  }

  /** Whatever was asked before this answer is older. */
  function tell(said) {
    state.looked += 1;
    show(form, said);
    form.dispatchEvent(new CustomEvent("entry:looked", { detail: said }));
  }

  const refused = (said) => say(Object.values(said.errors ?? {})[0] ?? "Not saved.");

  /** Resolves to whether form and server now agree. @param {boolean} [isAsked] */
  async function save(isAsked = false) {
    clearTimeout(state.saveTimer);
    state.saveTimer = 0;
    while (state.busy) await state.busy;
    if (state.isSent) return true;
    if (state.open.size) return chooseFirst(isAsked);
    if (!isAsked && !Object.keys(unsaved()).length) return settledWithout();
    state.busy = attempt();
    const isSaved = await state.busy;
    state.busy = null;
    return isSaved && (!Object.keys(unsaved()).length || save(isAsked));
  }

  function settledWithout() {
    say(state.savedAt ? `Saved on the server at ${state.savedAt}.` : "Nothing is typed yet.");
    return true;
  }

  function chooseFirst(isAsked) {
    keepHere();
    say("Not saved: choose first what stands, above.");
    if (isAsked) form.querySelector("[data-conflict] button")?.focus();
    return false;
  }

  async function attempt() {
    const content = words(form);
    const values = { ...changes(state.base, content), ...state.forced };
    const answer = await send(form.dataset.save, { version: state.version, values });
    if (answer.status === 200) return saved(content, answer.said);
    if (answer.status === 409) return conflict(answer.said) ? attempt() : false;
    const isKept = keepHere();
    if (isAway(answer.status) || answer.status === 401) return unsent(answer.status, isKept);
    refused(answer.said);
    return false;
  }

  function saved(content, said) {
    Object.assign(state, { version: said.version, base: content, forced: {}, since: "" });
    forgetOwn();
    if (form.dataset.address && location.search === "" && said.version !== "0.0") history.replaceState(null, "", form.dataset.address);
    state.savedAt = said.version.startsWith("0.") ? "" : timeOf();
    settledWithout();
    tell(said);
    clash(said);
    return true;
  }

  function unsent(status, isKept) {
    state.since ||= timeOf();
    const kept = isKept ? "Kept on this computer." : "This computer cannot keep it: leave the page open.";
    say(status === 401 ? `You are signed out since ${state.since}: sign in again in another tab. ${kept}` : `Not saved on server since ${state.since}. ${kept}`);
    clearTimeout(state.saveTimer);
    state.saveTimer = setTimeout(() => save(), RETRY_MS);
    return false;
  }

  /** Theirs where only they wrote; where both did a person chooses. Whether nothing is to be chosen. */
  function conflict(said) {
    const mine = words(form);
    const { take, both } = compared(state.base, said.values, mine);
    for (const [name, text] of Object.entries(take)) put(form, name, text);
    Object.assign(state, { version: said.version, base: said.values });
    const found = both.map((name) => ({ name, theirs: said.values[name] ?? "", mine: mine[name] ?? "" }));
    choose(found, said.saved_by);
    return !found.length;
  }

  /** The chart was corrected under a draft that says something else. */
  function clash(said) {
    const found = (said.clashes ?? []).map((one) => ({ ...one, mine: words(form)[one.name] ?? one.mine }));
    if (found.length) choose(found, "The chart");
  }

  function choose(found, who) {
    if (!found.length) return;
    found.forEach((one) => state.open.add(one.name));
    showDifferences(form, found, who, (name, text) => {
      put(form, name, text);
      state.forced[name] = text;
      state.open.delete(name);
      if (!state.open.size) save();
    });
    keepHere();
    say(`Not saved: ${who} has written here too. Choose above.`);
  }

  /**
   * Words of an earlier time, over the version they were typed on. Where something else was typed here meanwhile and is not
   * saved, a person chooses. Resolves to whether form and server now agree.
   */
  async function takeOver(found) {
    while (state.busy) await state.busy; // its answer would put the newest version under these older words
    const mine = unsaved();
    const wanted = changes(found.base, found.content);
    const both = Object.keys(wanted).filter((name) => name in mine && mine[name] !== wanted[name]);
    Object.assign(state, { version: found.version, base: found.base, taken: [...state.taken, found.name] });
    for (const name of Object.keys(wanted).filter((one) => !both.includes(one))) put(form, name, wanted[name]);
    if (!both.length) return save();
    choose(both.map((name) => ({ name, theirs: wanted[name], mine: mine[name] })), "An earlier page of yours");
    return false;
  }

  /** Words of an earlier time were thrown away. */
  function drop(found) {
    forget(found.name);
    save();
    return true;
  }

  function forgetOwn() {
    [own, ...state.taken].forEach(forget);
    state.taken = [];
  }

  addEventListener("online", () => { if (state.since) save(); });
  addEventListener("beforeunload", (event) => { if (!state.isSent && Object.keys(unsaved()).length) event.preventDefault(); });
  return { state, save, look, send, touched, say, takeOver, drop, forgetOwn, tell };
}
