// Notes keep themselves while they are typed. A text that comes late never overwrites what somebody wrote meanwhile.

import { wordsOf } from "./posting.js";

const IDLE_MS = 1000;
const BETWEEN = "\n--- also written here ---\n";
const plain = (text) => text.replaceAll("\r\n", "\n").trim();

/** Both texts, where somebody else has written in between. */
export function mergedText(base, theirs, mine) {
  const [was, is, own] = [base, theirs, mine].map(plain);
  return is === was || own.startsWith(is) ? mine : `${is}${BETWEEN}${mine}`;
}

export function notesOf(root, outbox) {
  const timers = new Map(); // a form -> when it is kept: two notes are written side by side

  function keep(form) {
    clearTimeout(timers.get(form));
    timers.delete(form);
    const area = form.querySelector("textarea");
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const { csrfmiddlewaretoken: _token, next: _next, ...rest } = fields;
    area.dataset.dirty = "";
    return outbox.put({ id: form.dataset.queue, url: form.action, fields: { ...rest, base: area.defaultValue }, base: area.defaultValue });
  }

  function typed(event) {
    const form = event.target.closest("[data-note]");
    if (!form) return;
    event.target.dataset.dirty = "1";
    say(form, "");
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => keep(form), IDLE_MS));
  }

  root.addEventListener("input", typed);
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-note]")) return;
    event.preventDefault();
    keep(event.target);
  });

  const formOf = (id) => root.querySelector(`[data-queue="${CSS.escape(id)}"]`);
  const areaOf = (id) => formOf(id)?.querySelector("textarea");
  return {
    /** What is still being typed goes out now: the form is about to make room. Resolves when it was tried. */
    flush: () => Promise.all([...root.querySelectorAll("[data-note] textarea[data-dirty='1']")].map((area) => keep(area.form))),
    restore() {
      for (const form of root.querySelectorAll("[data-note]")) {
        const entry = outbox.waiting(form.dataset.queue);
        if (entry) form.querySelector("textarea").value = entry.fields.text;
      }
    },
    sent(entry) {
      const area = areaOf(entry.id);
      if (!area) return;
      area.defaultValue = entry.fields.text;
      if (area.value === entry.fields.text) say(area.form, "Kept."); // words typed since then are not
    },
    refused(entry, said) {
      const form = formOf(entry.id);
      if (form) say(form, wordsOf(said) || "It could not be kept; the text stays here.");
    },
    /** Somebody else wrote first: both texts stand below one another, here and in what is sent. */
    conflicted(entry, theirs) {
      const area = areaOf(entry.id);
      const text = mergedText(entry.base, theirs, area?.value ?? entry.fields.text);
      if (area) {
        fill(area, text);
        area.defaultValue = theirs;
        if (text !== entry.fields.text) say(area.form, "Somebody else wrote here too: both texts stand here.");
      }
      return { base: theirs, fields: { ...entry.fields, base: theirs, text } };
    },
  };
}

/** What comes in front of the words being typed must not move the cursor out of them. */
function fill(area, text) {
  if (area.value === text) return;
  const [from, to] = [area.value.length - area.selectionStart, area.value.length - area.selectionEnd];
  area.value = text;
  if (area === document.activeElement) area.setSelectionRange(text.length - from, text.length - to);
}

function say(form, text) {
  form.querySelector("[data-queue-said]").textContent = text;
}
