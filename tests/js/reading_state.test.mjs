// Both scans move together, each lesion has its own place on each, and a window that differs says so.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as state from "../../static/js/reading/state.js";

const view = (x) => ({ x_mm: x, y_mm: 0, width_mm: 400, depth_mm: 300, bottom_mm: -1000, top_mm: 0 });
const scans = [{ role: "old", view: view(10) }, { role: "new", view: view(-10) }];
const matrix = [[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 8], [0, 0, 0, 1]];
const registered = state.linkOf({ scans, link: { matrix, sentence: "Registration by body outline: good." } });
const shifted = state.linkOf({ scans, link: { matrix: null, sentence: "No registration." } });
const lesion = (points) => ({ id: "a", label: "L01", points });
const both = lesion({ old: { lps: [1, 2, -300], how: "measured" }, new: { lps: [9, 2, -310], how: "measured" } });

test("a click goes to the registered place on the other scan, from either side", () => {
  const start = state.start(scans);
  assert.deepEqual(state.moveTo(start, "old", [1, 2, -300], registered).points.new, [6, 2, -292]);
  assert.deepEqual(state.moveTo(start, "new", [6, 2, -292], registered).points.old, [1, 2, -300]);
});

test("without a registration both fields of view are laid over each other", () => {
  assert.deepEqual(state.moveTo(state.start(scans), "old", [10, 5, -300], shifted).points.new, [-10, 5, -300]);
});

test("a lesion is shown at its own place on each scan, and steps from there keep them apart as they are", () => {
  const chosen = state.choose(state.start(scans), both, registered);
  assert.deepEqual(chosen.points, { old: [1, 2, -300], new: [9, 2, -310] });
  const next = state.step(chosen, "new", [0, 0, 4]);
  assert.deepEqual(next.points, { old: [1, 2, -296], new: [9, 2, -306] });
  assert.match(state.linkWords(next, registered, true), /Linked at L01/);
  assert.match(state.linkWords(state.moveTo(next, "new", [0, 0, -300], registered), registered, true), /Registration by body outline/);
});

test("a lesion that is not marked on one scan is shown where the link puts it, and the page says so", () => {
  const chosen = state.choose(state.start(scans), lesion({ old: both.points.old }), registered);
  assert.deepEqual(chosen.points.new, [6, 2, -292]);
  assert.match(state.linkWords(chosen, registered, true), /not marked everywhere: shown on this scan at the linked place/);
  const proposed = state.choose(state.start(scans), lesion({ ...both.points, new: { lps: [9, 2, -310], how: "proposed" } }), registered);
  assert.match(proposed.note, /proposed focus/);
});

test("not linked, the other scan stays", () => {
  const alone = { ...state.start(scans), isLinked: false };
  assert.deepEqual(state.moveTo(alone, "old", [1, 2, -300], registered).points.new, alone.points.new);
  assert.deepEqual(state.step(alone, "old", [0, 0, 4]).points.new, alone.points.new);
  assert.match(state.linkWords(alone, registered, true), /Not linked/);
});

test("no place lies outside the field of view", () => {
  assert.deepEqual(state.moveTo(state.start(scans), "new", [9999, -9999, 9999], registered).points.new, [190, -150, 0]);
});

test("the window is 0 to 15 and stays so until it is unlocked", () => {
  const start = state.start(scans);
  assert.deepEqual(state.windowed(start, "new", 30).windows, { old: [0, 15], new: [0, 15] });
  assert.equal(state.windowWarning(start), "");
  const open = state.locked(start, false);
  assert.notEqual(state.windowWarning(open), "");
  const differs = state.windowed(open, "new", 30);
  assert.equal(state.windowWarning(differs), "Windows differ: do not compare by eye.");
  assert.deepEqual(state.locked(differs, true).windows, { old: [0, 15], new: [0, 15] });
  assert.deepEqual(state.windowed(open, "new", Number.NaN).windows.new, [0, 15]);
  assert.deepEqual(state.windowed(open, "new", 0).windows.new, [0, 15]);
});

test("zoom goes from the whole to the cross-hair and back", () => {
  const chosen = state.choose(state.start(scans), both, registered);
  const near = state.zoomed(chosen, 2);
  assert.deepEqual([near.zoom, near.centres], [2, chosen.points]);
  assert.equal(state.zoomed(near, 1 / 4).zoom, 1);
  assert.equal(state.zoomed(near, 1e6).zoom, state.MOST_ZOOM);
  assert.deepEqual(state.panned(near, [1, 0, 0]).centres.old, [2, 2, -300]);
});

test("a store tells only of what changed", () => {
  const store = state.storeOf({ a: 1 });
  let told = 0;
  store.subscribe((now, before) => (told += now.a - before.a));
  store.set(store.get());
  store.set({ a: 3 });
  assert.equal(told, 2);
});
