// Notes keep themselves while they are typed. A text that comes late never overwrites what somebody wrote meanwhile.

import { wordsOf } from "./posting.js";

const IDLE_MS = 1000;
const BETWEEN = "\n--- typed here without a network ---\n";

/** Both texts, where somebody else has written in between. */
export function mergedText(base, theirs, mine) {
  return theirs === base || theirs === mine ? mine : `${theirs}${BETWEEN}${mine}`;
}

export function notesOf(root, outbox) {
  let timer = 0;

  function keep(form) {
    const area = form.querySelector("textarea");
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const { csrfmiddlewaretoken: _token, next: _next, ...rest } = fields;
    outbox.put({ id: form.dataset.queue, url: form.action, fields: rest, base: area.defaultValue });
    area.dataset.dirty = "";
  }

  function typed(event) {
    const form = event.target.closest("[data-note]");
    if (!form) return;
    event.target.dataset.dirty = "1";
    say(form, "");
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), IDLE_MS);
  }

  root.addEventListener("input", typed);
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-note]")) return;
    event.preventDefault();
    keep(event.target);
  });

  const formOf = (id) => root.querySelector(`[data-queue="${CSS.escape(id)}"]`);
  return {
    /** What is still being typed goes out now: the form is about to show another case. */
    flush() {
      clearTimeout(timer);
      for (const area of root.querySelectorAll("[data-note] textarea[data-dirty='1']")) keep(area.form);
    },
    restore() {
      for (const form of root.querySelectorAll("[data-note]")) {
        const entry = outbox.waiting(form.dataset.queue);
        if (entry) form.querySelector("textarea").value = entry.fields.text;
      }
    },
    sent(entry) {
      const form = formOf(entry.id);
      if (!form) return;
      const area = form.querySelector("textarea");
      area.defaultValue = entry.fields.text;
      say(form, "Kept.");
    },
    refused(entry, said) {
      const form = formOf(entry.id);
      if (form) say(form, wordsOf(said) || "It could not be kept; the text stays here.");
    },
    changed(entry) {
      const area = formOf(entry.id)?.querySelector("textarea");
      if (area) area.value = entry.fields.text;
    },
    isDirty: () => root.querySelector("[data-note] textarea[data-dirty='1']") !== null,
  };
}

function say(form, text) {
  form.querySelector("[data-queue-said]").textContent = text;
}
