import assert from "node:assert/strict";
import { test } from "node:test";
import { differing, merged, sameWords } from "../../static/js/decision-merge.js";

const BASE = { text: "wait", owner: "Ward", considered: ["stage"], interval_days: 14 };

test("what only one of the two wrote stands", () => {
  const theirs = { ...BASE, owner: "Oncology" };
  const mine = { ...BASE, text: "treat", considered: ["stage", "trial"] };
  assert.deepEqual(merged(BASE, theirs, mine), {
    content: { text: "treat", owner: "Oncology", considered: ["stage", "trial"], interval_days: 14 },
    both: [],
  });
});

test("what both wrote is named, and mine is not lost", () => {
  const { content, both } = merged(BASE, { ...BASE, text: "theirs", interval_days: null }, { ...BASE, text: "mine", interval_days: 7 });
  assert.deepEqual(both.sort(), ["interval_days", "text"]);
  assert.equal(content.text, "mine");
});

test("the same words from both are no conflict", () => {
  const both = { ...BASE, text: "treat" };
  assert.deepEqual(merged(BASE, both, { ...both }).both, []);
});

test("nothing and an empty text are the same, a list in another order is not", () => {
  assert.ok(sameWords({ due_date: "", interval_days: null }, { due_date: null, interval_days: "" }));
  assert.deepEqual(differing({ considered: ["a", "b"] }, { considered: ["b", "a"] }), ["considered"]);
});
