import assert from "node:assert/strict";
import test from "node:test";
import { clockWords, SILENT_MS } from "../../static/js/screen-words.js";

test("whole minutes, as text", () => {
  assert.equal(clockWords(0, 10), "under 1 min");
  assert.equal(clockWords(59.9, 10), "under 1 min");
  assert.equal(clockWords(300, 10), "5 min");
});

test("beyond the plan it says the plan", () => {
  assert.equal(clockWords(600, 10), "10 min");
  assert.equal(clockWords(660, 10), "11 of 10 min");
  assert.equal(clockWords(660, 0), "11 min");
});

test("silence is said within five seconds", () => {
  assert.ok(SILENT_MS + 500 <= 5000);
});
