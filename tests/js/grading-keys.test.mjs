import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(new URL("../../static/js/reading/grading-keys.js", import.meta.url), "utf8");
const { differs, meaning, nextRads } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

test("digits 0 to 4 are scores, others are nothing", () => {
  for (const digit of "01234") assert.deepEqual(meaning(digit, 0, 1000), { leader: 0, score: `${digit}-${digit}` });
  for (const key of ["5", "9", "a", "Enter", "33", " "]) assert.equal(meaning(key, 0, 1000), null);
});

test("S makes the next digit a category, for a moment", () => {
  const { leader } = meaning("s", 0, 1000);
  assert.equal(leader, 1000);
  assert.deepEqual(meaning("5", leader, 1500), { leader: 0, rads: "5" });
  assert.deepEqual(meaning("3", leader, 2499), { leader: 0, rads: "3" });
  assert.deepEqual(meaning("3", leader, 2500), { leader: 0, score: "3-3" }, "too late: a score again");
  assert.equal(meaning("5", leader, 2500), null);
  assert.deepEqual(meaning("0", leader, 1500), { leader: 0, score: "0-0" }, "there is no category 0");
});

test("a category pressed again goes on to its next letter and round", () => {
  assert.deepEqual(["", "3A", "3B", "3C", "3D", "5"].map((now) => nextRads("3", now)), ["3A", "3B", "3C", "3D", "3A", "3A"]);
  assert.deepEqual(["", "1A", "1B"].map((now) => nextRads("1", now)), ["1A", "1B", "1A"]);
  assert.equal(nextRads("4", "4"), "4");
});

test("scores differ only where none satisfies both", () => {
  assert.equal(differs("3-3", "3", "4"), false);
  assert.equal(differs("2-2", "3", "4"), true);
  assert.equal(differs("0-1", "1", "1"), false);
  assert.equal(differs("0-1", "2", "2"), true);
  assert.equal(differs("4-4", "3", "3"), true);
  for (const open of ["", "none"]) assert.equal(differs(open, "3", "3"), false);
  assert.equal(differs("3-3", undefined, undefined), false, "nothing computed, nothing to differ from");
});

test("Y takes the computed score of this one lesion", () => {
  assert.deepEqual(meaning("y", 0, 1000), { leader: 0, isAsComputed: true });
  assert.deepEqual(meaning("Y", 900, 1000), { leader: 0, isAsComputed: true });
});
