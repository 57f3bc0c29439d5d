// Where a place lies on a rotating projection, and what a click on it means. Pure.
// Angles and pixels are those of imaging/domain/projections.py: frame k is seen from 360 k / frames degrees.

import { borders } from "./overlay.js";
import { offsetOf, toIndex, toMm, voxelAt } from "./geometry.js";

/** @typedef {import("./types.d.ts").Vec} Vec */
/** @typedef {import("./types.d.ts").View} View */
/** @typedef {import("./types.d.ts").MipAbout} MipAbout */

/** @param {MipAbout} mip @param {number} frame */
export const angleOf = (mip, frame) => (2 * Math.PI * frame) / mip.frames;

/**
 * mm to the right of the axis, height (z), and mm away from the one who looks (less is nearer).
 * @param {View} view @param {number} angle @param {Vec} p
 */
export function projected(view, angle, [x, y, z]) {
  const [dx, dy] = [x - view.x_mm, y - view.y_mm];
  return {
    across: dx * Math.cos(angle) + dy * Math.sin(angle),
    height: z,
    depth: dy * Math.cos(angle) - dx * Math.sin(angle),
  };
}

/** The place at a depth. @param {View} view @param {number} angle @param {number} across @param {number} z @param {number} depth @returns {Vec} */
export function unprojected(view, angle, across, z, depth) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [view.x_mm + across * cos - depth * sin, view.y_mm + across * sin + depth * cos, z];
}

/** A way across and up the picture, in mm of the patient. @param {number} angle @param {number} across @param {number} height @returns {Vec} */
export const alongView = (angle, across, height) => [across * Math.cos(angle), across * Math.sin(angle), height];

/**
 * How a projection lies in a picture whose size holds ``common``: pixels per mm, and where the axis and the top are.
 * Nearer than whole, ``centre`` is in the middle from whatever side it is seen.
 * @param {View} common @param {number} width @param {number} height @param {number} zoom @param {{across: number, height: number}} centre
 */
export function placed(common, width, height, zoom = 1, centre = { across: 0, height: 0 }) {
  const tall = common.top_mm - common.bottom_mm;
  const perMm = zoom * Math.min(width / common.width_mm, height / tall);
  if (zoom === 1) return { perMm, axis: width / 2, top: (height - tall * perMm) / 2, topMm: common.top_mm };
  return { perMm, axis: width / 2 - centre.across * perMm, top: height / 2 - (common.top_mm - centre.height) * perMm, topMm: common.top_mm };
}

/** @typedef {ReturnType<typeof placed>} Placed */

/** @param {Placed} at @param {{across: number, height: number}} place @returns {[number, number]} */
export const toPicture = (at, { across, height }) => [at.axis + across * at.perMm, at.top + (at.topMm - height) * at.perMm];

/** @param {Placed} at @param {number} x @param {number} y */
export const fromPicture = (at, x, y) => ({ across: (x - at.axis) / at.perMm, height: at.topMm - (y - at.top) / at.perMm });

/**
 * The mark under a pointer: the nearest within reach; of two alike the one in front.
 * @template {{x: number, y: number, depth: number}} Mark
 * @param {Mark[]} marks @param {number} x @param {number} y @param {number} reach @returns {Mark | null}
 */
export function hit(marks, x, y, reach) {
  const near = marks
    .map((mark) => ({ mark, away: Math.hypot(mark.x - x, mark.y - y) }))
    .filter(({ away }) => away <= reach)
    .sort((p, q) => (Math.abs(p.away - q.away) < 2 ? p.mark.depth - q.mark.depth : p.away - q.away));
  return near[0]?.mark ?? null;
}

/**
 * Lesions that were seen on a scan; one that only the link places there is no finding and is shown, with a question
 * mark, while it is chosen.
 * @param {import("./types.d.ts").LesionAbout[]} lesions @param {import("./types.d.ts").Role} role @param {string} chosen
 */
export function seenOn(lesions, role, chosen) {
  return lesions.flatMap(({ id, label, points }) => {
    const place = points[role];
    if (!place || (place.how === "registered" && id !== chosen)) return [];
    return [{ id, label: ["measured", "marked"].includes(place.how) ? label : `${label}?`, place }];
  });
}

/**
 * The hottest voxel behind a pixel, as the projection took it; null where nothing lies behind.
 * @param {import("./types.d.ts").Volume} pet @param {View} view @param {number} angle @param {number} across @param {number} z
 */
export function hottestBehind(pet, view, angle, across, z) {
  const reach = Math.hypot(view.width_mm, view.depth_mm) / 2;
  const pace = Math.min(...[0, 1].map((n) => Math.abs(pet.affine[n][n]) || 1)) / 2;
  let [best, place] = [-1, /** @type {Vec | null} */ (null)];
  for (let depth = -reach; depth <= reach; depth += pace) {
    const voxel = voxelAt(pet, unprojected(view, angle, across, z, depth));
    if (!voxel) continue;
    const code = pet.codes[offsetOf(pet.shape, voxel)];
    if (code > best) [best, place] = [code, toMm(pet, voxel)];
  }
  return place;
}

/**
 * Outline of a region on a frame, as corners in mm (across, z).
 * @param {import("./types.d.ts").Region} region @param {import("./types.d.ts").Grid} grid @param {View} view @param {number} angle
 */
export function silhouette({ voxels, start, shape }, grid, view, angle) {
  const [wide, tall] = [Math.abs(grid.affine[0][0]), Math.abs(grid.affine[2][2])];
  const lowest = grid.affine[2][3];
  const seen = new Set();
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let n = 0; n < voxels.length; n += 1) {
    if (!voxels[n]) continue;
    const x = n % shape[2];
    const y = Math.floor(n / shape[2]) % shape[1];
    const z = Math.floor(n / (shape[2] * shape[1]));
    const { across, height } = projected(view, angle, toMm(grid, [start[2] + x, start[1] + y, start[0] + z]));
    const [i, j] = [Math.round(across / wide), Math.round((height - lowest) / tall)];
    seen.add(`${i},${j}`);
    [left, right, low, high] = [Math.min(left, i), Math.max(right, i), Math.min(low, j), Math.max(high, j)];
  }
  if (!seen.size) return [];
  const isIn = (/** @type {number} */ i, /** @type {number} */ j) => seen.has(`${left + i},${low + j}`);
  const corners = borders(isIn, right - left + 1, high - low + 1);
  return corners.map((v, n) => (n % 2 ? (v + low) * tall + lowest : (v + left) * wide));
}

/** Does the place lie within the images? @param {import("./types.d.ts").Grid} grid @param {Vec} p */
export const isCovered = (grid, p) => toIndex(grid, p).every((v, n) => v >= -0.5 && v <= grid.shape[2 - n] - 0.5);
