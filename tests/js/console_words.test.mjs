import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const load = async (name) => {
  const source = await readFile(new URL(`../../static/js/console/${name}.js`, import.meta.url), "utf8");
  return import(`data:text/javascript,${encodeURIComponent(source.replace(/^import .*$/gm, "const wordsOf = () => '';"))}`);
};
const clock = await load("clock");
const status = await load("status");
const { mergedText } = await load("notes");
const at = (iso) => Date.parse(iso);

test("the time of a case in minutes and seconds, with hours only when there are any", () => {
  assert.deepEqual([0, 9.9, 220, 3723].map(clock.clockText), ["0:00", "0:09", "3:40", "1:02:03"]);
});

test("the end of the meeting moves once the case is over its time, and not before", () => {
  const said = at("2026-05-14T17:05:00Z");
  assert.equal(clock.endOf(at("2026-05-14T16:00:00Z"), said, 20), said);
  assert.equal(clock.endOf(at("2026-05-14T16:50:00Z"), said, 20), at("2026-05-14T17:10:00Z"));
});

test("late and early against the plan", () => {
  const plan = at("2026-05-14T17:00:00Z");
  assert.equal(clock.lateText(plan + 5 * 60_000, plan), "+5 min");
  assert.equal(clock.lateText(plan - 12 * 60_000, plan), "−12 min");
  assert.equal(clock.lateText(plan + 10_000, plan), "as planned");
});

test("the time of day is the server's, whatever this computer is set to", () => {
  assert.equal(clock.timeThere(at("2026-05-14T15:05:00Z"), "2026-05-14T17:00:00+02:00"), "17:05");
  assert.equal(clock.timeThere(at("2026-05-14T15:05:00Z"), "2026-05-14T17:00:00-05:30"), "09:35");
});

test("the displays: none, there, gone, never there", () => {
  const time = (iso) => iso.slice(11, 16);
  const one = (values) => ({ label: "Room", seen_at: "2026-05-14T15:02:00Z", is_connected: true, ...values });
  assert.equal(status.displaysText([], time).text, "No display paired");
  assert.equal(status.displaysText([one({})], time).text, "Room display connected");
  assert.equal(status.displaysText([one({}), one({ is_connected: false, label: "Hall" })], time).text, "1 of 2 displays connected");
  assert.equal(status.displaysText([one({ is_connected: false, seen_at: null })], time).text, "Room display not connected yet");
});

test("who moves the display: this window, another one, somebody else, nobody", () => {
  const is = (controller) => status.controlText(controller, "w1");
  assert.deepEqual([is(null).isMine, is({ is_you: true, window: "w1" }).isMine, is({ is_you: true, window: "" }).isMine], [true, true, true]);
  assert.deepEqual([is({ is_you: true, window: "w2" }).isMine, is({ is_you: false, window: "w1", name: "Dr N" }).isMine], [false, false]);
  assert.equal(is({ is_you: false, window: "w1", name: "Dr N" }).text, "Dr N controls the display");
});

test("a late note keeps both texts when somebody wrote in between, and never doubles one", () => {
  assert.equal(mergedText("old", "old", "mine"), "mine");
  assert.equal(mergedText("old", "mine", "mine"), "mine");
  const both = mergedText("old", "theirs", "mine");
  assert.ok(both.startsWith("theirs") && both.endsWith("mine"));
});
