// Windows and the mix of uptake and CT.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fusion, greys, paintCt, paintFused, paintPet, shares, suvOf } from "../../static/js/reading/colour.js";

const coding = { suv_max: 64, levels: 65535 };
const codeOf = (suv) => Math.round(65535 * Math.sqrt(suv / 64));
const channels = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
const ramp = new Uint8Array(768).map((_, n) => (n % 3 === 0 ? Math.floor(n / 3) : 0));

test("a code means its SUV", () => {
  for (const suv of [0, 0.5, 1, 9.09, 11.47, 64]) assert.ok(Math.abs(suvOf(codeOf(suv), coding) - suv) < 0.001);
});

test("the window is black and white at its ends and true between them", () => {
  const table = shares(coding, [0, 15]);
  assert.equal(table[0], 0);
  assert.equal(table[codeOf(15.1) >> 4], 255);
  assert.equal(table[4095], 255);
  for (const suv of [1, 3, 7.5, 12]) assert.ok(Math.abs(table[codeOf(suv) >> 4] - (255 * suv) / 15) <= 1, `${suv}`);
});

test("soft tissue on CT: level 40, width 400", () => {
  const table = greys({ step: 10, lowest: -1024 });
  const at = (hu) => table[Math.round((hu + 1024) / 10)];
  assert.deepEqual([at(-300), at(-160) <= 4, at(1000)], [0, true, 255]);
  assert.ok(Math.abs(at(40) - 127.5) <= 4);
});

test("no uptake leaves the CT as it is; much uptake covers as much of it as the mix says", () => {
  const tables = { shares: shares(coding, [0, 15]), greys: greys({ step: 10, lowest: -1024 }), ...fusion(ramp, 0.8) };
  const pixels = new Uint32Array(2);
  paintFused(new Uint16Array([0, 65535]), new Uint8Array([200, 200]), tables, pixels);
  assert.deepEqual(channels(pixels[0]), [255, 255, 255]);
  const [red, green] = channels(pixels[1]);
  assert.ok(Math.abs(green - 0.2 * 255) <= 2 && Math.abs(red - 255) <= 2, `${channels(pixels[1])}`);
  assert.equal(pixels[1] >>> 24, 255);
});

test("without mix the picture is the CT, and colours never overflow into each other", () => {
  const tables = { shares: shares(coding, [0, 15]), greys: greys({ step: 10, lowest: -1024 }) };
  const white = new Uint8Array(768).fill(255);
  for (const mix of [0, 0.35, 0.8, 1]) {
    for (let code = 0; code < 65536; code += 997) {
      const pixels = new Uint32Array(1);
      paintFused(new Uint16Array([code]), new Uint8Array([255]), { ...tables, ...fusion(white, mix) }, pixels);
      const [r, g, b] = channels(pixels[0]);
      assert.ok(r === g && g === b && r >= 252, `${mix} ${code}: ${[r, g, b]}`);
    }
  }
});

test("PET alone is white at SUV 0 and black at the top; CT alone is grey", () => {
  const pixels = new Uint32Array(2);
  paintPet(new Uint16Array([0, 65535]), shares(coding, [0, 15]), pixels);
  assert.deepEqual([channels(pixels[0]), channels(pixels[1])], [[255, 255, 255], [0, 0, 0]]);
  paintCt(new Uint8Array([0, 255]), greys({ step: 10, lowest: -1024 }), pixels);
  assert.deepEqual([channels(pixels[0]), channels(pixels[1])], [[0, 0, 0], [255, 255, 255]]);
});
