// Signing out takes what was kept of words with it, and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetWords } from "../../static/js/sign-out.js";

test("words go, the theme stays", () => {
  const store = { "prrt.draft.1.2": "words", "prrt.outbox.1": "[]", "prrt.refused.1": "[]", "prrt.entry.1": "words", "prrt.theme": "dark", other: "x" };
  Object.defineProperty(store, "removeItem", { value: (name) => { delete store[name]; } });
  forgetWords(store);
  assert.deepEqual(Object.keys(store).sort(), ["other", "prrt.theme"]);
});

test("a browser that keeps nothing is no error", () => {
  assert.doesNotThrow(() => forgetWords(null));
});
