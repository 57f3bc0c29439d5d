// Two hands in one entry: each keeps what only they wrote; where both wrote a person chooses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, compared } from "../../static/js/entry/merge.js";

test("takes what only they wrote, also a row that is not here yet", () => {
  const { take, both } = compared({ a: "1", b: "2" }, { a: "9", b: "2", "labs.n1.value": "5" }, { a: "1", b: "3" });
  assert.deepEqual([take, both], [{ a: "9", "labs.n1.value": "5" }, []]);
});

test("asks where both wrote, and not where both wrote the same", () => {
  const { take, both } = compared({ a: "", b: "" }, { a: "x", b: "same" }, { a: "y", b: "same" });
  assert.deepEqual([take, both], [{}, ["a"]]);
});

test("a field that is emptied is sent; an empty row that was only opened is not", () => {
  assert.deepEqual(changes({ a: "1" }, { a: "", "lines.n1.regimen": "" }), { a: "" });
});
