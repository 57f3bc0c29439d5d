// Outlines along voxel edges, cross-hair, letters. What computes is pure; what draws gets a context.

import { toCanvas, toIndex, toMm } from "./geometry.js";
import { bytesOf } from "./colour.js";

/** @typedef {import("./types.d.ts").Region} Region */
/** @typedef {import("./types.d.ts").Vec} Vec */
/** @typedef {import("./types.d.ts").Camera} Camera */

/** Never by colour alone: each kind has its own line as well, and its label. */
export const STYLES = {
  lesion: { colour: "#7cc4f0", dash: [] },
  focus: { colour: "#f0b041", dash: [5, 3] },
  imported: { colour: "#e3a4cb", dash: [8, 3, 2, 3] },
  physiologic: { colour: "#c3c9d2", dash: [2, 4] },
  reference: { colour: "#5fd0a6", dash: [1, 3] },
};
/** @param {Region} region @param {import("./types.d.ts").State} state */
export const isChosenRegion = ({ id, kind, lesion }, state) => id === state.region || (kind === "lesion" && lesion === state.lesion);

/** Names are written where they do not bury the picture. @param {Region} region @param {boolean} isChosen */
export const isNamed = ({ kind, lesion }, isChosen) => isChosen || kind === "lesion" || kind === "imported" || (kind === "focus" && !lesion);

/** @param {string} kind */
export const styleOf = (kind) => STYLES[/** @type {keyof STYLES} */ (kind)] ?? STYLES.imported;

/** One byte per voxel [z, y, x] from packed bits, the first voxel in the highest bit. @param {string} text @param {Vec} shape */
export function unpacked(text, shape) {
  const bytes = bytesOf(text);
  const voxels = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let n = 0; n < voxels.length; n += 1) voxels[n] = (bytes[n >> 3] >> (7 - (n & 7))) & 1;
  return voxels;
}

/**
 * Edges between inside and outside in one slice: pairs of corners (a, b), in voxels along the two axes of the slice.
 * @param {Region} region @param {number} axis the voxel axis across (0: x, 1: y, 2: z) @param {number} level
 */
export function edges({ voxels, start, shape }, axis, level) {
  const [counts, firsts] = [[shape[2], shape[1], shape[0]], [start[2], start[1], start[0]]];
  const strides = [1, shape[2], shape[2] * shape[1]];
  const [a, b] = [0, 1, 2].filter((n) => n !== axis);
  const at = level - firsts[axis];
  if (at < 0 || at >= counts[axis]) return [];
  const isIn = (/** @type {number} */ i, /** @type {number} */ j) =>
    i >= 0 && j >= 0 && i < counts[a] && j < counts[b] && voxels[at * strides[axis] + i * strides[a] + j * strides[b]] === 1;
  return borders(isIn, counts[a], counts[b]).map((v, n) => v + firsts[n % 2 ? b : a]);
}

/** Corners of all borders of a flat mask. @param {(i: number, j: number) => boolean} isIn @param {number} wide @param {number} high */
export function borders(isIn, wide, high) {
  const found = [];
  for (let j = 0; j <= high; j += 1) {
    for (let i = 0; i <= wide; i += 1) {
      const here = isIn(i, j);
      if (here !== isIn(i - 1, j)) found.push(i - 0.5, j - 0.5, i - 0.5, j + 0.5);
      if (here !== isIn(i, j - 1)) found.push(i - 0.5, j - 0.5, i + 0.5, j - 0.5);
    }
  }
  return found;
}

/**
 * From the corners of ``edges`` to pixels.
 * @param {import("./types.d.ts").Grid} grid @param {Camera} camera @param {number} axis @param {number} level
 */
export function projection(grid, camera, axis, level) {
  const [a, b] = [0, 1, 2].filter((n) => n !== axis);
  const place = (/** @type {number} */ i, /** @type {number} */ j) => {
    const index = /** @type {Vec} */ ([0, 0, 0]);
    [index[axis], index[a], index[b]] = [level, i, j];
    return toCanvas(camera, toMm(grid, index));
  };
  const [x0, y0] = place(0, 0);
  const [xa, ya] = place(1, 0);
  const [xb, yb] = place(0, 1);
  return (/** @type {number} */ i, /** @type {number} */ j) => [x0 + i * (xa - x0) + j * (xb - x0), y0 + i * (ya - y0) + j * (yb - y0)];
}

/** The slice of the grid a picture shows: the axis across it and which one. @param {import("./types.d.ts").Grid} grid @param {Camera} camera @param {Vec} cross */
export function sliceOf(grid, camera, cross) {
  const index = toIndex(grid, cross);
  const normal = /** @type {Vec} */ ([0, 1, 2].map((n) => Math.abs(camera.right[(n + 1) % 3] * camera.down[(n + 2) % 3] - camera.right[(n + 2) % 3] * camera.down[(n + 1) % 3])));
  const along = normal.indexOf(Math.max(...normal));
  const axis = [0, 1, 2].sort((p, q) => Math.abs(grid.affine[along][q]) - Math.abs(grid.affine[along][p]))[0];
  return { axis, level: Math.round(index[axis]) };
}

/**
 * @param {CanvasRenderingContext2D} context @param {number[]} corners @param {(i: number, j: number) => number[]} place
 * @param {string} kind @param {boolean} isChosen @returns {[number, number] | null} where a label may stand
 */
export function drawEdges(context, corners, place, kind, isChosen) {
  if (!corners.length) return null;
  const path = new Path2D();
  let label = /** @type {[number, number]} */ ([-1, Infinity]);
  for (let n = 0; n < corners.length; n += 4) {
    const [x0, y0] = place(corners[n], corners[n + 1]);
    const [x1, y1] = place(corners[n + 2], corners[n + 3]);
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
    if (y0 < label[1]) label = [x0, y0];
  }
  const { colour, dash } = styleOf(kind);
  context.setLineDash(dash);
  for (const [width, stroke] of /** @type {[number, string][]} */ ([[isChosen ? 4.5 : 3, "rgb(0 0 0 / .65)"], [isChosen ? 2.25 : 1.25, colour]])) {
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.stroke(path);
  }
  context.setLineDash([]);
  return label;
}

/** Text with an edge, so that it can be read on light and dark. @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y @param {string} colour @param {boolean} isLight */
export function write(context, text, x, y, colour = "#eef1f5", isLight = false) {
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = isLight ? "rgb(255 255 255 / .85)" : "rgb(0 0 0 / .8)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Lines towards a place that leave it free. @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} width @param {number} height @param {string} colour */
export function drawCross(context, x, y, width, height, colour) {
  const gap = 10;
  context.beginPath();
  for (const [from, to] of [[0, x - gap], [x + gap, width]]) {
    context.moveTo(from, y);
    context.lineTo(to, y);
  }
  for (const [from, to] of [[0, y - gap], [y + gap, height]]) {
    context.moveTo(x, from);
    context.lineTo(x, to);
  }
  context.lineWidth = 1;
  context.strokeStyle = colour;
  context.globalAlpha = 0.75;
  context.stroke();
  context.globalAlpha = 1;
}

/** R, L, A, P, H, F at the edges. @param {CanvasRenderingContext2D} context @param {string[]} letters left, right, top, bottom @param {number} width @param {number} height @param {boolean} isLight */
export function drawLetters(context, [left, right, top, bottom], width, height, isLight) {
  const put = (/** @type {string} */ text, /** @type {number} */ x, /** @type {number} */ y) => text && write(context, text, x, y, inkOn(isLight), isLight);
  context.textAlign = "left";
  put(left, 4, height / 2 + 4);
  context.textAlign = "right";
  put(right, width - 4, height / 2 + 4);
  put(top, width - 4, 14);
  put(bottom, width - 4, height - 6);
  context.textAlign = "left";
}

/** @param {boolean} isLight */
export const inkOn = (isLight) => (isLight ? "#0e1217" : "#eef1f5");
