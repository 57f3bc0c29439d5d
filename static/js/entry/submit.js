// Submitting: what must be answered blocks, what is open is asked for once, a correction needs a reason. It is sent once.
import { isAway } from "../asking.js";
import { lock } from "../lock.js";
import { missingNow } from "./show.js";
import { goTo } from "./missing.js";
import { titleOf, words } from "./words.js";

const ANSWER = "returned.answer";

/** @param {HTMLFormElement} form @param {any} draft */
export function submitting(form, draft) {
  const dialog = document.querySelector("[data-submit-dialog]");
  const button = dialog.querySelector("[data-submit-now]");
  const reason = dialog.querySelector("#submit-reason");
  let looked = { needs_reason: false, returned: null };
  let key = "";
  let sent = ""; // the same words are sent under the same key, however often they are pressed for
  let isBusy = false;
  form.addEventListener("entry:looked", (event) => { looked = /** @type {CustomEvent} */ (event).detail; });
  document.querySelector("[data-submit-open]").addEventListener("click", alone(open));
  button.addEventListener("click", alone(now));
  reason.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); alone(now)(); } });

  /** A second press while the first is under way, or after it was answered, is none. */
  function alone(act) {
    return async () => {
      if (isBusy || draft.state.isSent) return;
      isBusy = true;
      try {
        await act();
      } finally {
        isBusy = false;
      }
    };
  }

  async function open() {
    const offer = form.querySelector("[data-kept]");
    if (!offer.hidden) return refuse({ "": "Words kept on this computer wait for an answer, above: take them over or discard them." });
    if (!await draft.save(true)) return;
    const missing = missingNow();
    const blocking = missing.filter((one) => one.is_red);
    if (blocking.length) return refuse(Object.fromEntries(blocking.map((one) => [one.name, "Needed before the case can be submitted."])));
    if (looked.returned && !words(form)[ANSWER]) return refuse({ [ANSWER]: "Answer the question with which the entry was returned." });
    if (!missing.length && !looked.needs_reason) return now();
    dialog.querySelector("[data-submit-missing]").hidden = !missing.length;
    dialog.querySelector("[data-submit-list]").replaceChildren(...missing.map((one) => Object.assign(document.createElement("li"), { textContent: one.label })));
    dialog.querySelector("[data-submit-title]").textContent = missing.length ? `Submit incomplete? ${missing.length} open` : "Submit for check?";
    dialog.querySelector("[data-submit-reason]").hidden = !looked.needs_reason;
    button.textContent = missing.length ? "Submit incomplete" : "Submit";
    told("");
    dialog.showModal();
    (looked.needs_reason ? reason : button).focus();
  }

  async function now() {
    if (looked.needs_reason && !reason.value.trim()) return told("Say why something on record is changed.");
    const what = JSON.stringify([words(form), reason.value]);
    if (what !== sent) key = "";
    sent = what;
    key ||= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    button.disabled = true;
    const team = form.querySelector("[name=team]")?.value ?? "";
    const body = { version: draft.state.version, key, reason: reason.value, is_incomplete_meant: dialog.open, team };
    const unlock = lock(form);
    const found = await draft.send(form.dataset.submit, body);
    button.disabled = false;
    if (found.status !== 200) unlock();
    return answered(found);
  }

  function answered({ status, said }) {
    if (status === 200) return done(said);
    if (isAway(status) || status === 401) return told("No answer from the server. Press again: it is submitted only once.");
    key = "";
    dialog.close();
    if (status === 409) return draft.save(true);
    if (said.incomplete) return draft.look().then(open);
    return refuse(said.errors ?? { "": "Not submitted." });
  }

  function done(said) {
    draft.state.isSent = true;
    draft.forgetOwn();
    location.assign(said.address);
  }

  const told = (text) => {
    dialog.querySelector("[data-submit-said]").textContent = text;
    if (!dialog.open && text) draft.say(text);
  };

  function refuse(errors) {
    const box = form.querySelector("[data-errors]");
    box.querySelector("[data-errors-list]").replaceChildren(...Object.entries(errors).map(([name, text]) => line(name, text)));
    box.hidden = false;
    box.focus();
    box.scrollIntoView({ block: "center" });
  }

  function line(name, text) {
    const made = document.createElement("li");
    if (!name.includes(".")) {
      made.textContent = text;
      return made;
    }
    const link = document.createElement("button");
    link.type = "button";
    link.className = "button button-quiet button-small";
    link.textContent = titleOf(form, name);
    link.addEventListener("click", () => goTo(form, name));
    made.append(link, ` ${text}`);
    return made;
  }
}
