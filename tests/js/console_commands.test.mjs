import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(new URL("../../static/js/console/commands.js", import.meta.url), "utf8");
const { absolute, isRepeatable, neighbour, queued } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const state = (values = {}) => ({ is_blank: false, shows_sentence: false, displays: [{ theme: "dark", text: 100 }], ...values });
const all = (...commands) => commands.reduce(queued, []);
const show = (value) => ({ action: "show", value });
const view = (value) => ({ action: "view", value });

test("of several cases asked for only the last one waits, without the views of the ones before", () => {
  assert.deepEqual(all(show("a"), view("timeline"), show("b")), [show("b")]);
});

test("a view follows the case it is of", () => {
  assert.deepEqual(all(show("a"), view("timeline"), view("heatmap")), [show("a"), view("heatmap")]);
});

test("a blank screen is asked for beside the case, and its last word counts", () => {
  const blank = (value) => ({ action: "blank", value });
  assert.deepEqual(all(blank("on"), show("a"), blank("off")), [show("a"), blank("off")]);
});

test("a press that turns something over says what it wants", () => {
  assert.equal(absolute("blank", "", state()).value, "on");
  assert.equal(absolute("blank", "", state({ is_blank: true })).value, "off");
  assert.equal(absolute("sentence", "", state({ shows_sentence: true })).value, "off");
  assert.equal(absolute("theme", "", state()).value, "light");
  assert.equal(absolute("text", "+", state()).value, "110");
  assert.equal(absolute("text", "-", state()).value, "100");
});

test("whatever a press becomes may be sent twice, except the way round the lesions", () => {
  for (const [action, value] of [["blank", ""], ["sentence", ""], ["theme", ""], ["text", "+"], ["show", "a"], ["view", "timeline"]]) {
    assert.ok(isRepeatable(absolute(action, value, state())), action);
  }
  assert.ok(!isRepeatable({ action: "lesion", value: "next" }));
  assert.ok(!isRepeatable({ action: "next", value: "" }));
});

test("next and previous name a case, and stop at the ends", () => {
  assert.equal(neighbour(["a", "b", "c"], "b", 1), "c");
  assert.equal(neighbour(["a", "b", "c"], "b", -1), "a");
  assert.equal(neighbour(["a", "b"], "b", 1), null);
  assert.equal(neighbour(["a", "b"], null, 1), "a");
  assert.equal(neighbour(["a", "b"], null, -1), null);
  assert.equal(neighbour([], null, 1), null);
});
