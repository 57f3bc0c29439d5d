// Millimetres of the patient (LPS: x to the left, y to the back, z to the head), voxels and pixels. Pure.

/** @typedef {import("./types.d.ts").Vec} Vec */
/** @typedef {import("./types.d.ts").Camera} Camera */
/** @typedef {import("./types.d.ts").PlaneName} PlaneName */

/**
 * As radiology looks at slices: patient's right on the left of the picture, axial from the feet, sagittal from the left.
 * @type {Record<PlaneName, {right: Vec, down: Vec, through: 0 | 1 | 2, letters: [string, string, string, string]}>}
 */
export const PLANES = {
  axial: { right: [1, 0, 0], down: [0, 1, 0], through: 2, letters: ["R", "L", "A", "P"] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1], through: 1, letters: ["R", "L", "H", "F"] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1], through: 0, letters: ["A", "P", "H", "F"] },
};

const TALL = 1.4; // height over width from which a picture shows the whole body; a lower one shows a part at full width

/** @param {Vec} a @param {Vec} b @returns {Vec} */
export const plus = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
/** @param {Vec} a @param {Vec} b @returns {Vec} */
export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
/** @param {Vec} a @param {number} by @returns {Vec} */
export const times = (a, by) => [a[0] * by, a[1] * by, a[2] * by];
/** @param {Vec} a @param {Vec} b */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** @param {number[][]} affine @returns {import("./types.d.ts").Inverse} */
export function inverseOf(affine) {
  const [[a, b, c], [d, e, f], [g, h, i]] = affine;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (!det) throw new Error("the affine has no inverse");
  const cofactors = [
    e * i - f * h, c * h - b * i, b * f - c * e,
    f * g - d * i, a * i - c * g, c * d - a * f,
    d * h - e * g, b * g - a * h, a * e - b * d,
  ];
  return { matrix: cofactors.map((v) => v / det), origin: [affine[0][3], affine[1][3], affine[2][3]] };
}

/** A direction in mm as steps along the voxel axes x, y, z. @param {import("./types.d.ts").Inverse} inverse @param {Vec} v @returns {Vec} */
export function turned({ matrix: m }, v) {
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** Fractional voxel (x, y, z) of a place. @param {import("./types.d.ts").Grid} grid @param {Vec} mm @returns {Vec} */
export const toIndex = (grid, mm) => turned(grid.inverse, minus(mm, grid.inverse.origin));

/** @param {number[][]} matrix 4 x 4 @param {Vec} p @returns {Vec} */
export function moved(matrix, p) {
  const row = (/** @type {number} */ n) => matrix[n][0] * p[0] + matrix[n][1] * p[1] + matrix[n][2] * p[2] + matrix[n][3];
  return [row(0), row(1), row(2)];
}

/** @param {import("./types.d.ts").Grid} grid @param {Vec} index @returns {Vec} */
export const toMm = (grid, index) => moved(grid.affine, index);

/** The voxel that holds a place, or null outside the images. @param {import("./types.d.ts").Grid} grid @param {Vec} mm */
export function voxelAt(grid, mm) {
  const [x, y, z] = toIndex(grid, mm).map(Math.round);
  const [depth, rows, columns] = grid.shape;
  const isInside = x >= 0 && y >= 0 && z >= 0 && x < columns && y < rows && z < depth;
  return isInside ? /** @type {Vec} */ ([x, y, z]) : null;
}

/** Position in the array of a voxel (x, y, z). @param {Vec} shape @param {Vec} index */
export const offsetOf = (shape, [x, y, z]) => (z * shape[1] + y) * shape[2] + x;

/** The same place on the middle of its voxel; as it is outside the images. @param {import("./types.d.ts").Grid} grid @param {Vec} mm @returns {Vec} */
export function onVoxel(grid, mm) {
  const voxel = voxelAt(grid, mm);
  return voxel ? toMm(grid, voxel) : mm;
}

/**
 * mm per pixel at which a field of view fills a picture of this size.
 * @param {PlaneName} plane @param {import("./types.d.ts").View} view @param {number} width @param {number} height
 */
export function fitted(plane, view, width, height) {
  if (plane === "axial") return Math.max(view.width_mm / width, view.depth_mm / height);
  const whole = (view.top_mm - view.bottom_mm) / height;
  const isTall = height > TALL * width;
  const wide = plane === "sagittal" && isTall ? view.depth_mm : view.width_mm;
  return isTall ? Math.max(whole, wide / width) : wide / width;
}

/** Height in the middle of a picture that shows ``tall`` mm: as asked, but no room beyond the field of view.
 * @param {import("./types.d.ts").View} view @param {number} tall @param {number} asked */
export function levelOf(view, tall, asked) {
  const [low, high] = [view.bottom_mm + tall / 2, view.top_mm - tall / 2];
  return low > high ? (view.bottom_mm + view.top_mm) / 2 : Math.min(Math.max(asked, low), high);
}

/** @param {import("./types.d.ts").View} view @returns {Vec} */
export const middleOf = (view) => [view.x_mm, view.y_mm, (view.top_mm + view.bottom_mm) / 2];

/**
 * A picture of ``plane`` through ``cross`` with ``centre`` in its middle.
 * @param {PlaneName} plane @param {Vec} cross @param {Vec} centre
 * @param {{width: number, height: number}} size @param {number} mmPerPixel @returns {Camera}
 */
export function cameraOf(plane, cross, centre, size, mmPerPixel) {
  const { right, down, through } = PLANES[plane];
  const middle = /** @type {Vec} */ ([...centre]);
  middle[through] = cross[through];
  const across = times(right, mmPerPixel);
  const below = times(down, mmPerPixel);
  const origin = minus(minus(middle, times(across, (size.width - 1) / 2)), times(below, (size.height - 1) / 2));
  return { origin, right: across, down: below };
}

/** Pixel coordinates, 0 at the left and upper edge of the picture. @param {Camera} camera @param {Vec} mm @returns {[number, number]} */
export function toCanvas({ origin, right, down }, mm) {
  const away = minus(mm, origin);
  return [dot(away, right) / dot(right, right) + 0.5, dot(away, down) / dot(down, down) + 0.5];
}

/** @param {Camera} camera @param {number} x @param {number} y @returns {Vec} */
export const fromCanvas = ({ origin, right, down }, x, y) => plus(plus(origin, times(right, x - 0.5)), times(down, y - 0.5));

/** Inverse of a rigid 4 x 4 matrix. @param {number[][]} matrix */
export function inverseMatrix(matrix) {
  const { matrix: m, origin } = inverseOf(matrix);
  const shift = turned({ matrix: m, origin }, times(origin, -1));
  return [
    [m[0], m[1], m[2], shift[0]],
    [m[3], m[4], m[5], shift[1]],
    [m[6], m[7], m[8], shift[2]],
    [0, 0, 0, 1],
  ];
}
