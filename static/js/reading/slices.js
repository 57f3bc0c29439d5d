// Codes of a flat picture through a volume, nearest voxel or interpolated in the plane. Pure.
// Across the plane the nearest slice is taken: no picture mixes two slices. Outside the images the code is 0.

import { minus, turned } from "./geometry.js";

/** @typedef {import("./types.d.ts").Volume} Volume */
/** @typedef {import("./types.d.ts").Camera} Camera */
/** @typedef {import("./types.d.ts").Codes} Codes */

const FLAT = 1e-6; // of a voxel per pixel
const PARTS = 128; // weights of 7 bits: two of them and a code of 16 bits stay within 31

/**
 * @param {Volume} volume @param {Camera} camera @param {number} width @param {number} height
 * @param {boolean} isSmooth @param {Codes} out codes row by row
 */
export function sample(volume, camera, width, height, isSmooth, out) {
  const start = turned(volume.inverse, minus(camera.origin, volume.inverse.origin));
  const right = turned(volume.inverse, camera.right);
  const down = turned(volume.inverse, camera.down);
  const a = only(right);
  const b = only(down);
  if (a < 0 || b < 0 || a === b) return tilted(volume, start, right, down, width, height, isSmooth, out);
  const c = 3 - a - b;
  const counts = [volume.shape[2], volume.shape[1], volume.shape[0]];
  const strides = [1, volume.shape[2], volume.shape[2] * volume.shape[1]];
  const level = Math.round(start[c]);
  if (level < 0 || level >= counts[c]) return void out.fill(0);
  const base = level * strides[c];
  const columns = line(start[a], right[a], width, counts[a], strides[a], isSmooth);
  const rows = line(start[b], down[b], height, counts[b], strides[b], isSmooth);
  if (isSmooth) blend(volume.codes, base, columns, rows, out);
  else pick(volume.codes, base, columns, rows, out);
}

/** The one voxel axis a step of the picture follows, or -1. @param {number[]} step */
export function only(step) {
  const used = [0, 1, 2].filter((axis) => Math.abs(step[axis]) > FLAT);
  return used.length === 1 ? used[0] : -1;
}

/** @typedef {{first: Int32Array, second: Int32Array, share: Int32Array}} Line */

/**
 * For each pixel along a side: offset of its voxel and of the next one, and the share of the next; -1 outside.
 * @param {number} start @param {number} step @param {number} length @param {number} count @param {number} stride
 * @param {boolean} isSmooth @returns {Line}
 */
function line(start, step, length, count, stride, isSmooth) {
  const first = new Int32Array(length);
  const second = new Int32Array(length);
  const share = new Int32Array(length);
  for (let n = 0; n < length; n += 1) {
    const index = start + n * step;
    if (!(index >= -0.5 && index < count - 0.5)) {
      first[n] = -1;
      continue;
    }
    const held = Math.min(Math.max(index, 0), count - 1);
    const before = isSmooth ? Math.floor(held) : Math.round(held);
    first[n] = before * stride;
    second[n] = Math.min(before + 1, count - 1) * stride;
    share[n] = Math.round((held - before) * PARTS);
  }
  return { first, second, share };
}

/** @param {Codes} codes @param {number} base @param {Line} columns @param {Line} rows @param {Codes} out */
function pick(codes, base, columns, rows, out) {
  const { first } = columns;
  const width = first.length;
  for (let y = 0, at = 0; y < rows.first.length; y += 1) {
    const row = rows.first[y];
    if (row < 0) {
      out.fill(0, at, at + width);
      at += width;
      continue;
    }
    for (let x = 0; x < width; x += 1, at += 1) out[at] = first[x] < 0 ? 0 : codes[base + row + first[x]];
  }
}

/** @param {Codes} codes @param {number} base @param {Line} columns @param {Line} rows @param {Codes} out */
function blend(codes, base, columns, rows, out) {
  const { first, second, share } = columns;
  const width = first.length;
  for (let y = 0, at = 0; y < rows.first.length; y += 1) {
    if (rows.first[y] < 0) {
      out.fill(0, at, at + width);
      at += width;
      continue;
    }
    const upper = base + rows.first[y];
    const lower = base + rows.second[y];
    const below = rows.share[y];
    for (let x = 0; x < width; x += 1, at += 1) {
      const left = first[x];
      if (left < 0) {
        out[at] = 0;
        continue;
      }
      const after = share[x];
      const before = PARTS - after;
      const top = codes[upper + left] * before + codes[upper + second[x]] * after;
      const bottom = codes[lower + left] * before + codes[lower + second[x]] * after;
      out[at] = (top * (PARTS - below) + bottom * below) >> 14;
    }
  }
}

/**
 * The same for images that lie at an angle to the picture, pixel by pixel.
 * @param {Volume} volume @param {number[]} start @param {number[]} right @param {number[]} down
 * @param {number} width @param {number} height @param {boolean} isSmooth @param {Codes} out
 */
function tilted(volume, start, right, down, width, height, isSmooth, out) {
  const [depth, rows, columns] = volume.shape;
  const across = through(right, down);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const index = [0, 1, 2].map((n) => start[n] + x * right[n] + y * down[n]);
      const isIn = [columns, rows, depth].every((count, n) => index[n] >= -0.5 && index[n] < count - 0.5);
      out[at] = isIn ? value(volume, index, isSmooth, across) : 0;
    }
  }
}

/** The voxel axis that points most out of the picture. @param {number[]} right @param {number[]} down */
function through(right, down) {
  const normal = [0, 1, 2].map((n) => {
    const [p, q] = [(n + 1) % 3, (n + 2) % 3];
    return Math.abs(right[p] * down[q] - right[q] * down[p]);
  });
  return normal.indexOf(Math.max(...normal));
}

/** @param {Volume} volume @param {number[]} index @param {boolean} isSmooth @param {number} across */
function value({ codes, shape }, index, isSmooth, across) {
  const strides = [1, shape[2], shape[2] * shape[1]];
  const counts = [shape[2], shape[1], shape[0]];
  let sum = 0;
  for (let corner = 0; corner < (isSmooth ? 8 : 1); corner += 1) {
    let [offset, weight] = [0, 1];
    for (let n = 0; n < 3; n += 1) {
      const held = Math.min(Math.max(index[n], 0), counts[n] - 1);
      const isNearest = !isSmooth || n === across;
      const before = isNearest ? Math.round(held) : Math.floor(held);
      const isNext = (corner >> n) & 1;
      weight *= isNearest ? (isNext ? 0 : 1) : isNext ? held - before : 1 - (held - before);
      offset += Math.min(before + isNext, counts[n] - 1) * strides[n];
    }
    if (weight) sum += weight * codes[offset];
  }
  return Math.round(sum);
}
