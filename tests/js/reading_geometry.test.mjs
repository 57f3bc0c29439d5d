// Where voxels lie on the screen: flips, round trips, patient's left on the right of the picture, head up.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as geometry from "../../static/js/reading/geometry.js";
import { sample } from "../../static/js/reading/slices.js";

const UPRIGHT = [[4, 0, 0, -10], [0, 4, 0, -20], [0, 0, 5, -30], [0, 0, 0, 1]];
const TILTED = [[3.9, 0.2, 0, -10], [-0.2, 3.9, 0.1, -20], [0, -0.1, 5, -30], [0, 0, 0, 1]];

function volumeOf(shape, affine, filled) {
  const codes = new Uint16Array(shape[0] * shape[1] * shape[2]);
  for (const [index, value] of filled) codes[geometry.offsetOf(shape, index)] = value;
  return { codes, shape, affine, inverse: geometry.inverseOf(affine) };
}

const close = (a, b, within = 1e-9) => a.forEach((v, n) => assert.ok(Math.abs(v - b[n]) < within, `${a} is not ${b}`));

for (const [name, affine] of [["upright", UPRIGHT], ["tilted", TILTED]]) {
  test(`mm and voxels there and back, ${name}`, () => {
    const grid = volumeOf([6, 5, 4], affine, []);
    for (const index of [[0, 0, 0], [3, 4, 5], [1.5, 2.25, 0.5]]) close(geometry.toIndex(grid, geometry.toMm(grid, index)), index);
  });
}

test("a place outside the images has no voxel, one on their edge has", () => {
  const grid = volumeOf([6, 5, 4], UPRIGHT, []);
  assert.deepEqual(geometry.voxelAt(grid, geometry.toMm(grid, [-0.4, 4.4, 5.4])).map((v) => v + 0), [0, 4, 5]);
  assert.equal(geometry.voxelAt(grid, geometry.toMm(grid, [-0.6, 0, 0])), null);
  assert.equal(geometry.voxelAt(grid, geometry.toMm(grid, [0, 0, 5.6])), null);
});

test("a rigid matrix and its inverse undo each other", () => {
  const [c, s] = [Math.cos(0.2), Math.sin(0.2)];
  const matrix = [[c, -s, 0, 12], [s, c, 0, -7], [0, 0, 1, 30], [0, 0, 0, 1]];
  close(geometry.moved(geometry.inverseMatrix(matrix), geometry.moved(matrix, [5, 6, 7])), [5, 6, 7]);
});

for (const plane of ["axial", "coronal", "sagittal"]) {
  test(`${plane}: pixels and mm there and back`, () => {
    const camera = geometry.cameraOf(plane, [1, 2, 3], [10, 20, 30], { width: 31, height: 17 }, 1.7);
    const [x, y] = geometry.toCanvas(camera, geometry.fromCanvas(camera, 8.25, 3.5));
    close([x, y], [8.25, 3.5]);
    close([geometry.fromCanvas(camera, 15.5, 8.5)[geometry.PLANES[plane].through]], [[1, 2, 3][geometry.PLANES[plane].through]]);
  });
}

/** Where the brightest pixel of a picture of one voxel is. */
function spot(plane, voxel, { affine = UPRIGHT, isSmooth = false, shape = [9, 8, 7], width = 70, height = 90 } = {}) {
  const volume = volumeOf(shape, affine, [[voxel, 60000]]);
  const middle = geometry.toMm(volume, [3, 3.5, 4]);
  const cross = geometry.toMm(volume, voxel);
  const camera = geometry.cameraOf(plane, cross, middle, { width, height }, 0.5);
  const out = new Uint16Array(width * height);
  sample(volume, camera, width, height, isSmooth, out);
  const at = out.indexOf(Math.max(...out));
  return { x: at % width, y: Math.floor(at / width), out, camera, cross };
}

// x of the volume runs to the patient's left, y to the back, z to the head.
test("axial: left on the right, back below", () => {
  assert.ok(spot("axial", [5, 3, 4]).x > spot("axial", [1, 3, 4]).x);
  assert.ok(spot("axial", [3, 6, 4]).y > spot("axial", [3, 1, 4]).y);
});

test("coronal: left on the right, head up", () => {
  assert.ok(spot("coronal", [5, 3, 4]).x > spot("coronal", [1, 3, 4]).x);
  assert.ok(spot("coronal", [3, 3, 7]).y < spot("coronal", [3, 3, 1]).y);
});

test("sagittal: front on the left, head up", () => {
  assert.ok(spot("sagittal", [3, 1, 4]).x < spot("sagittal", [3, 6, 4]).x);
  assert.ok(spot("sagittal", [3, 3, 7]).y < spot("sagittal", [3, 3, 1]).y);
});

for (const affine of [UPRIGHT, TILTED]) {
  for (const plane of ["axial", "coronal", "sagittal"]) {
    for (const isSmooth of [false, true]) {
      test(`${plane}: the pixel over a voxel has its code${isSmooth ? ", smooth" : ""}${affine === TILTED ? ", tilted" : ""}`, () => {
        const { out, camera, cross } = spot(plane, [2, 5, 6], { affine, isSmooth });
        const [x, y] = geometry.toCanvas(camera, cross).map(Math.floor);
        assert.ok(out[y * 70 + x] > (isSmooth ? 50000 : 59999), `${out[y * 70 + x]}`);
      });
    }
  }
}

test("nearest shows whole voxels: as many pixels as a voxel covers", () => {
  const { out } = spot("axial", [3, 3, 4]);
  assert.equal(out.filter((v) => v === 60000).length, 64, "4 x 4 mm at 0.5 mm per pixel");
});

test("interpolation never goes above the voxels and halves half way", () => {
  const volume = volumeOf([1, 1, 2], [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]], [[[0, 0, 0], 65535], [[1, 0, 0], 1000]]);
  const camera = { origin: [0, 0, 0], right: [1, 0, 0], down: [0, 1, 0] };
  const out = new Uint16Array(3);
  sample(volume, camera, 3, 1, true, out);
  assert.deepEqual([...out], [65535, Math.floor((65535 + 1000) / 2), 1000]);
});

test("outside the images there is nothing, on no side", () => {
  const volume = volumeOf([2, 2, 2], UPRIGHT, [[[0, 0, 0], 9], [[1, 1, 1], 9]]);
  const out = new Uint16Array(16).fill(7);
  sample(volume, geometry.cameraOf("axial", [-10, -20, 90], [0, 0, 0], { width: 4, height: 4 }, 1), 4, 4, false, out);
  assert.ok(out.every((v) => v === 0));
});

test("a wide picture shows a part of the height, never beyond the field of view", () => {
  const view = { x_mm: 0, y_mm: 0, width_mm: 400, depth_mm: 200, bottom_mm: -1000, top_mm: 0 };
  assert.equal(geometry.fitted("coronal", view, 200, 200), 2);
  assert.equal(geometry.fitted("coronal", view, 200, 800), 2);
  assert.equal(geometry.fitted("coronal", view, 300, 500), 2, "the whole body");
  assert.equal(geometry.fitted("sagittal", view, 200, 200), geometry.fitted("coronal", view, 200, 200), "beside each other, one scale");
  assert.equal(geometry.fitted("sagittal", view, 50, 500), 4);
  assert.equal(geometry.fitted("axial", view, 200, 50), 4);
  assert.equal(geometry.levelOf(view, 400, -900), -800);
  assert.equal(geometry.levelOf(view, 400, -100), -200);
  assert.equal(geometry.levelOf(view, 1200, -100), -500);
});
