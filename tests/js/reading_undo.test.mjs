// What takes back each step, and that names and moments follow when a version comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY, MOST, inverseOf, moved, noted, renamed } from "../../static/js/reading/undo.js";

const answer = (more = {}) => ({ ok: true, status: 200, voi: "A", recorded_at: "t2", before: "t1", ...more });
const step = (to, id = "A", data = {}) => ({ to, id, data });
const entry = (steps, words = "w") => ({ words, steps });

test("a new mark is taken away, a change is restored, what was taken away comes back", () => {
  const mark = step("mark", "", { lesion: "L" });
  assert.deepEqual(inverseOf(mark, answer({ before: null })), [step("withdraw", "A", { recorded_at: "t2", reason: "undone while reading" })]);
  assert.deepEqual(inverseOf(step("outline"), answer()), [step("restore", "A", { version: "t1", recorded_at: "t2", reason: "undone while reading" })]);
  const [back] = inverseOf(step("withdraw"), answer({ recorded_at: undefined }));
  assert.deepEqual([back.to, back.id, back.data.version, back.data.recorded_at], ["restore", "A", "t1", "t1"]);
});

test("a lesion that came with the mark goes with it, and comes back with it", () => {
  const mark = step("mark", "", { lesion: "new", organ: "liver" });
  const [away] = inverseOf(mark, answer({ before: null }));
  assert.equal(away.data.with_lesion, "on");
  const [back] = inverseOf(away, answer({ is_lesion_gone: true }));
  assert.deepEqual([back.to, back.id, back.data.version, back.data.with_lesion], ["restore", "A", "t1", "on"]);
  assert.equal(inverseOf(away, answer({ is_lesion_gone: false }))[0].data.with_lesion, undefined, "one that stayed only gets its region back");
  const [again] = inverseOf(back, answer({ voi: "A2" }));
  assert.deepEqual([again.to, again.id, again.data.with_lesion], ["withdraw", "A2", "on"]);
});

test("both halves of a split and both parts of a merge", () => {
  const split = inverseOf(step("outline"), answer({ other: { voi: "B", recorded_at: "t2" } }));
  assert.deepEqual(split.map(({ to, id }) => [to, id]), [["restore", "A"], ["withdraw", "B"]]);
  const merge = inverseOf(step("outline"), answer({ absorbed: { voi: "B", before: "t0" } }));
  assert.deepEqual(merge.map(({ to, id, data }) => [to, id, data.version, data.recorded_at]), [["restore", "A", "t1", "t2"], ["restore", "B", "t0", "t0"]]);
});

test("a region that came back under a new name is taken away again, one that changed is changed back", () => {
  assert.deepEqual(inverseOf(step("restore", "A"), answer({ voi: "A2" })).map(({ to, id }) => [to, id]), [["withdraw", "A2"]]);
  assert.deepEqual(inverseOf(step("restore", "A"), answer()).map(({ to, id }) => [to, id]), [["restore", "A"]]);
});

test("a decision is opened again, and the same decision can be taken again", () => {
  const rejected = step("reject", "P", { is_physiologic: "on" });
  const [reopen] = inverseOf(rejected, answer({ voi: undefined }));
  assert.deepEqual([reopen.to, reopen.id], ["reopen", "P"]);
  assert.deepEqual(inverseOf(reopen, answer()), [rejected]);
});

test("an accepted focus and a confirmed match are opened with the region they drew, in the version that was seen", () => {
  for (const [to, back] of [["accept", "reopen"], ["match", "unmatch"]]) {
    const taken = step(to, "P", { lesion: "L" });
    const [open] = inverseOf(taken, answer());
    assert.deepEqual([open.to, open.id, open.data.region, open.data.recorded_at], [back, "P", "A", "t2"]);
    const [again] = inverseOf(open, answer({ restored: "t1", recorded_at: "t3" }));
    assert.deepEqual(again, { ...taken, stands: { voi: "A", recorded_at: "t2" } });
    const [bare] = inverseOf(taken, answer({ voi: undefined, recorded_at: undefined }));
    assert.deepEqual(bare.data, { reason: "undone while reading" }, "a match without a region");
  }
});

test("a decision taken back leaves the earlier version, and steps before it name that one", () => {
  const accepted = inverseOf(step("accept", "P"), answer({ before: "t1", recorded_at: "t2" }));
  const history = noted(noted(EMPTY, entry(inverseOf(step("outline"), answer({ before: "t0", recorded_at: "t1" })))), entry(accepted));
  const after = renamed(history, accepted[0], answer({ restored: "t1", recorded_at: "t3" }));
  assert.deepEqual([after.back[0].steps[0].data.recorded_at, after.back[0].steps[0].data.version], ["t3", "t0"]);
});

test("a decision taken again stands where it stood, and steps after it follow", () => {
  const [again] = inverseOf(inverseOf(step("accept", "P"), answer())[0], answer({ restored: "t1" }));
  const history = { back: [], again: [entry([step("restore", "A", { version: "t9", recorded_at: "t2" })]), entry([again])] };
  const after = renamed(history, again, answer({ voi: "B", recorded_at: "t5" }));
  assert.deepEqual([after.again[0].steps[0].id, after.again[0].steps[0].data.recorded_at], ["B", "t5"]);
});

test("a decision to be opened follows its region to a new name", () => {
  const history = noted(EMPTY, entry(inverseOf(step("accept", "P"), answer())));
  const [open] = renamed(history, step("restore", "A", { version: "t2" }), answer({ voi: "A2", recorded_at: "t5" })).back[0].steps;
  assert.deepEqual([open.id, open.data.region, open.data.recorded_at], ["P", "A2", "t5"]);
});

test("fifty steps are kept, and a new one forgets what was undone", () => {
  let history = EMPTY;
  for (let n = 0; n < MOST + 3; n += 1) history = noted(history, entry([], `${n}`));
  assert.equal(history.back.length, MOST);
  assert.equal(history.back[0].words, "3");
  history = moved(history, "back", entry([], "turned"));
  assert.deepEqual([history.back.length, history.again.map(({ words }) => words)], [MOST - 1, ["turned"]]);
  assert.deepEqual(noted(history, entry([])).again, []);
  assert.equal(moved(history, "again", null).again.length, 0);
});

test("two steps undone one after the other name the versions that are there then", () => {
  const first = inverseOf(step("outline"), answer({ before: "t0", recorded_at: "t1" }));
  const history = noted(noted(EMPTY, entry(first)), entry(inverseOf(step("outline"), answer())));
  const [restore] = history.back[1].steps;
  const after = renamed(history, restore, answer({ before: "t2", recorded_at: "t3" }));
  assert.equal(after.back[0].steps[0].data.recorded_at, "t3", "t1 is there again, recorded at t3");
  assert.equal(after.back[0].steps[0].data.version, "t0");
});

test("steps on a region that came back under a new name follow it", () => {
  const history = noted(EMPTY, entry([step("restore", "A", { version: "t0", recorded_at: "t1" }), step("outline", "C", { other: "A", other_recorded_at: "t1" })]));
  const after = renamed(history, step("restore", "A", { version: "t1" }), answer({ voi: "A2", recorded_at: "t5" }));
  assert.deepEqual(after.back[0].steps.map(({ id, data }) => [id, data.other, data.recorded_at ?? data.other_recorded_at]), [["A2", undefined, "t5"], ["C", "A2", "t5"]]);
});
