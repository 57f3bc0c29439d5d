// Kept words belong to one person and one case, and not for longer than a day's meeting.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forget, keep, kept, sweep } from "../../static/js/decision-kept.js";

const HOUR = 3_600_000;
const WORDS = { version: 3, base: { text: "" }, content: { text: "mine" } };

beforeEach(() => {
  globalThis.localStorage = new Proxy({}, {
    get(all, name) {
      if (name === "getItem") return (key) => all[key] ?? null;
      if (name === "setItem") return (key, value) => { all[key] = value; };
      if (name === "removeItem") return (key) => { delete all[key]; };
      return all[name];
    },
  });
});

test("come back for the same person and case only", () => {
  keep("7", "a", WORDS, 0);
  assert.deepEqual(kept("7", "a", HOUR), { ...WORDS, at: 0 });
  assert.equal(kept("8", "a", HOUR), null);
  assert.equal(kept("7", "b", HOUR), null);
  forget("7", "a");
  assert.equal(kept("7", "a", HOUR), null);
});

test("are gone after twelve hours, whoever opens the page", () => {
  keep("7", "a", WORDS, 0);
  keep("7", "b", WORDS, 6 * HOUR);
  localStorage.setItem("prrt.draft.a", JSON.stringify(WORDS));
  localStorage.setItem("prrt.keys.off", "1");
  assert.equal(kept("7", "a", 12 * HOUR), null);
  sweep(12 * HOUR);
  assert.deepEqual(Object.keys(localStorage).sort(), ["prrt.draft.7.b", "prrt.keys.off"]);
});
