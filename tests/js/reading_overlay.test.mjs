// Outlines run along the edges of exactly the voxels that were stored; a click on a projection finds what is behind.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inverseOf, offsetOf } from "../../static/js/reading/geometry.js";
import { leaderOf, leftWords, named } from "../../static/js/reading/miplabels.js";
import { alongView, hit, hottestBehind, placed, projected, seenOn, silhouette, toPicture, fromPicture, unprojected } from "../../static/js/reading/mipview.js";
import { borders, edges, projection, sliceOf, unpacked } from "../../static/js/reading/overlay.js";

const affine = [[4, 0, 0, -20], [0, 4, 0, -16], [0, 0, 5, -30], [0, 0, 0, 1]];
const grid = { shape: [8, 9, 10], affine, inverse: inverseOf(affine) };
const view = { x_mm: 0, y_mm: 0, width_mm: 60, depth_mm: 50, bottom_mm: -40, top_mm: 20 };
const base64 = (bytes) => Buffer.from(bytes).toString("base64");

test("bits come out in the order they went in, first voxel in the highest bit", () => {
  assert.deepEqual([...unpacked(base64([0b10100000, 0b01000000]), [1, 2, 5])], [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
});

test("one voxel has four edges around it, two beside each other six", () => {
  const one = { start: [2, 3, 4], shape: [1, 1, 1], voxels: new Uint8Array([1]) };
  const corners = edges(one, 2, 2);
  assert.equal(corners.length, 16);
  assert.deepEqual([Math.min(...corners), Math.max(...corners)], [2.5, 4.5]);
  assert.equal(edges({ start: [2, 3, 4], shape: [1, 1, 2], voxels: new Uint8Array([1, 1]) }, 2, 2).length, 24);
  assert.deepEqual(edges(one, 2, 3), [], "no edge on another slice");
});

test("edges of each plane are those of its own axes", () => {
  const region = { start: [1, 2, 3], shape: [2, 1, 3], voxels: new Uint8Array([1, 0, 0, 1, 0, 0]) };
  const spans = [0, 1, 2].map((axis) => {
    const level = [3, 2, 1][axis];
    const corners = edges(region, axis, level);
    return [corners.filter((_, n) => n % 2 === 0), corners.filter((_, n) => n % 2)].map((all) => [Math.min(...all), Math.max(...all)]);
  });
  assert.deepEqual(spans, [[[1.5, 2.5], [0.5, 2.5]], [[2.5, 3.5], [0.5, 2.5]], [[2.5, 3.5], [1.5, 2.5]]]);
});

test("an outline lies over its voxel in the picture", () => {
  const camera = { origin: [-20, -16, 0], right: [1, 0, 0], down: [0, 1, 0] };
  const { axis, level } = sliceOf(grid, camera, [0, 0, -10]);
  assert.deepEqual([axis, level], [2, 4]);
  assert.deepEqual(projection(grid, camera, axis, level)(3, 5), [12.5, 20.5]);
});

test("borders of nothing are none", () => assert.deepEqual(borders(() => false, 3, 3), []));

test("from the front left is right; from the left the back is right; nearer is less deep", () => {
  const left = projected(view, 0, [10, 0, 5]);
  assert.ok(left.across > 0 && projected(view, 0, [0, -10, 0]).depth < projected(view, 0, [0, 10, 0]).depth);
  const quarter = Math.PI / 2;
  assert.ok(projected(view, quarter, [0, 10, 0]).across > 9.9);
  assert.ok(projected(view, quarter, [10, 0, 0]).depth < projected(view, quarter, [-10, 0, 0]).depth);
  const there = projected(view, 0.7, [3, -4, 5]);
  unprojected(view, 0.7, there.across, there.height, there.depth).forEach((v, n) => assert.ok(Math.abs(v - [3, -4, 5][n]) < 1e-9));
});

test("a place on the picture and back, whatever its size", () => {
  const at = placed(view, 120, 300);
  const [x, y] = toPicture(at, { across: 7, height: -3 });
  const back = fromPicture(at, x, y);
  assert.ok(Math.abs(back.across - 7) < 1e-9 && Math.abs(back.height + 3) < 1e-9);
  assert.deepEqual(toPicture(at, { across: 0, height: 20 }), [60, 90]);
});

test("a click takes the nearest mark, and of two alike the one in front", () => {
  const marks = [{ x: 10, y: 10, depth: 5, id: "back" }, { x: 10, y: 10, depth: -5, id: "front" }, { x: 30, y: 10, depth: 0, id: "far" }];
  assert.equal(hit(marks, 11, 10, 12).id, "front");
  assert.equal(hit(marks, 27, 10, 12).id, "far");
  assert.equal(hit(marks, 60, 60, 12), null);
});

test("a place that only the link gives is no finding: it shows while its lesion is chosen, with a question mark", () => {
  const at = (how) => ({ old: { lps: [0, 0, 0], how } });
  const lesions = [["a", "measured"], ["b", "registered"], ["c", "proposed"], ["d", "marked"]].map(([id, how]) => ({ id, label: id, points: at(how) }));
  assert.deepEqual(seenOn(lesions, "old", "").map(({ label }) => label), ["a", "c?", "d"]);
  assert.deepEqual(seenOn(lesions, "old", "b").map(({ label }) => label), ["a", "b?", "c?", "d"]);
  assert.deepEqual(seenOn(lesions, "new", "b"), []);
});

test("behind a pixel lies its hottest voxel", () => {
  const codes = new Uint16Array(8 * 9 * 10);
  codes[offsetOf(grid.shape, [7, 2, 4])] = 500;
  codes[offsetOf(grid.shape, [7, 6, 4])] = 900;
  const pet = { ...grid, codes };
  assert.deepEqual(hottestBehind(pet, view, 0, 8, -10), [8, 8, -10]);
  assert.deepEqual(hottestBehind(pet, view, Math.PI / 2, -8, -10), [8, -8, -10], "from the left only the one in front is on the line");
  assert.equal(hottestBehind(pet, view, 0, 500, -10), null);
});

test("the silhouette of a voxel is its square in mm", () => {
  const region = { start: [4, 2, 7], shape: [1, 1, 1], voxels: new Uint8Array([1]) };
  const corners = silhouette(region, grid, view, 0);
  const across = corners.filter((_, n) => n % 2 === 0);
  const heights = corners.filter((_, n) => n % 2);
  assert.deepEqual([Math.min(...across), Math.max(...across), Math.min(...heights), Math.max(...heights)], [6, 10, -12.5, -7.5]);
});

test("nearer than whole, the centre is in the middle of the projection from every side, and a drag moves it with the hand", () => {
  const centre = [12, -7, -11];
  for (const angle of [0, 0.7, Math.PI / 2, 4]) {
    const seen = projected(view, angle, centre);
    const at = placed(view, 120, 300, 3, seen);
    assert.equal(at.perMm, 3 * placed(view, 120, 300).perMm);
    toPicture(at, seen).forEach((v, n) => assert.ok(Math.abs(v - [60, 150][n]) < 1e-9));
    const [x, y] = toPicture(at, seen);
    const to = fromPicture(at, x + 30, y - 12);
    const by = alongView(angle, seen.across - to.across, seen.height - to.height);
    const after = placed(view, 120, 300, 3, projected(view, angle, centre.map((v, n) => v + by[n])));
    toPicture(after, seen).forEach((v, n) => assert.ok(Math.abs(v - [90, 138][n]) < 1e-9));
  }
  assert.deepEqual(placed(view, 120, 300, 1, { across: 9, height: 9 }), placed(view, 120, 300), "the whole is never shifted");
});

const apart = (names) => {
  for (const one of names) {
    for (const other of names) assert.ok(one === other || Math.abs(one.x - other.x) >= 26 || Math.abs(one.y - other.y) >= 13);
  }
};

test("names of marks never cover each other: the first stay, the next step aside, the last goes to the margin", () => {
  const marks = Array.from({ length: 5 }, (_, n) => ({ x: 80 + n, y: 90, label: `L0${n}` }));
  const { names, left } = named([...marks, { x: 160, y: 90, label: "F01" }], 240, 300);
  assert.deepEqual(names.map(({ mark }) => mark.label), ["L00", "L01", "L02", "L03", "F01", "L04"]);
  assert.deepEqual(names.map(({ isAway }) => isAway), [false, false, false, false, false, true]);
  assert.deepEqual([names[0].x - 80, names[0].y - 90, names[4].x - 160, left], [10, -8, 10, 0]);
  assert.equal(names[5].x, 4);
  assert.deepEqual(leaderOf(names[5]), [28, names[5].y - 4]);
  apart(names);
});

test("no name is silently missing: what has no room even at the margin is counted, what is not in the picture is not", () => {
  const marks = Array.from({ length: 60 }, (_, n) => ({ x: 60, y: 100, label: `L${n}` }));
  const { names, left } = named([...marks, { x: 60, y: -20, label: "above" }, { x: 300, y: 100, label: "beside" }], 120, 200);
  assert.equal(names.length + left, 60);
  assert.ok(left > 0 && names.filter(({ isAway }) => isAway).length > 4);
  apart(names);
  assert.deepEqual([leftWords(left), leftWords(1), leftWords(0)], [`+${left} labels`, "+1 label", ""]);
  for (const { x, y } of names) assert.ok(x >= 0 && x + 26 <= 120 && y >= 13 && y <= 200);
});
