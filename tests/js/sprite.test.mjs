import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(new URL("../../static/js/sprite.js", import.meta.url), "utf8");
const sprite = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const dataset = {
  frames: "36", across: "9", tileWidth: "3", tileHeight: "2", columnMm: "2.0", rowMm: "3.0", codeMax: "64.0", levels: "255",
};
const g = sprite.geometry(dataset);

test("numbers come from the figure's attributes", () => {
  assert.deepEqual(g, { frames: 36, across: 9, width: 3, height: 2, columnMm: 2, rowMm: 3, codeMax: 64, levels: 255 });
});

test("tiles run row by row", () => {
  assert.deepEqual(sprite.tile(0, g), { left: 0, top: 0 });
  assert.deepEqual(sprite.tile(8, g), { left: 24, top: 0 });
  assert.deepEqual(sprite.tile(9, g), { left: 0, top: 2 });
  assert.deepEqual(sprite.tile(35, g), { left: 24, top: 6 });
});

test("turning goes all the way round, both ways", () => {
  assert.equal(sprite.turned(35, 1, g), 0);
  assert.equal(sprite.turned(0, -1, g), 35);
  assert.equal(sprite.turned(4, -40, g), 0);
});

test("a quarter turn is seen from the patient's left", () => {
  assert.equal(sprite.seenFrom(0, g), "the front");
  assert.equal(sprite.seenFrom(9, g), "the patient's left");
  assert.equal(sprite.seenFrom(18, g), "behind");
  assert.equal(sprite.seenFrom(27, g), "the patient's right");
  assert.equal(sprite.seenFrom(1, g), "10°");
  assert.equal(sprite.seenFrom(35, g), "350°");
});

test("letters say which side is which at every angle", () => {
  const at = (frame) => Object.values(sprite.letters(frame, g)).join(" ");
  assert.deepEqual([0, 9, 18, 27].map(at), ["R L", "A P", "L R", "P A"]);
  assert.deepEqual([2, 4, 5, 13].map(at), ["R L", "RA LP", "AR PL", "AL PR"]);
});

test("proportions are those of the patient", () => {
  assert.deepEqual(sprite.canvasSize(g), { width: 3, height: 3 });
  assert.deepEqual(sprite.canvasSize({ ...g, columnMm: 4, rowMm: 2 }), { width: 6, height: 2 });
});

test("the code is the square root of SUV", () => {
  assert.equal(sprite.suvOf(0, g), 0);
  assert.equal(sprite.suvOf(255, g), 64);
  assert.ok(Math.abs(sprite.suvOf(123, g) - 14.89) < 0.005);
});

test("the window is inverse grey, never brighter for more uptake, black from its top on", () => {
  for (const top of [2, 15, 40]) {
    const table = sprite.windowTable(top, g);
    assert.equal(table[0], 255);
    for (let code = 1; code < 256; code += 1) assert.ok(table[code] <= table[code - 1]);
    for (let code = 0; code < 256; code += 1) {
      const expected = 255 * (1 - Math.min(1, sprite.suvOf(code, g) / top));
      assert.ok(Math.abs(table[code] - expected) <= 0.5);
    }
  }
});

test("the codes of a frame are those of its tile, and painting fills every pixel", () => {
  const width = 27;
  const pixels = new Uint8ClampedArray(4 * width * 8);
  for (let i = 0; i < width * 8; i += 1) pixels.fill(i % 251, 4 * i, 4 * i + 3);
  const codes = sprite.codesOf(pixels, width, 10, g);
  const first = 2 * width + 3;
  assert.deepEqual([...codes], [0, 1, 2, width, width + 1, width + 2].map((n) => (first + n) % 251));
  const painted = new Uint8ClampedArray(4 * 6);
  sprite.paint(codes, sprite.windowTable(15, g), painted);
  const table = sprite.windowTable(15, g);
  codes.forEach((code, i) => assert.deepEqual([...painted.slice(4 * i, 4 * i + 4)], [table[code], table[code], table[code], 255]));
});
