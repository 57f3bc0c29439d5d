// A signature covers entries and numbers; saving renews the one, taking over numbers the other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withEntries, withNumbers } from "../../static/js/reading/grading-seen.js";

test("saving does not make numbers seen", () => {
  assert.equal(withEntries("e1-n1", "e2-n0"), "e2-n1");
});

test("taking over numbers does not make entries of others seen", () => {
  assert.equal(withNumbers("e1-n1", "e9-n2"), "e1-n2");
});
