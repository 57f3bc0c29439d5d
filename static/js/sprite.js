// A sprite of projections: where its tiles lie, what its codes mean, and how a window turns codes into grey.
// Pure: no document, no fetch. The coding is that of imaging/domain/suv_code.py.

/** @typedef {{frames: number, across: number, width: number, height: number, columnMm: number, rowMm: number, codeMax: number, levels: number}} Geometry */

/** @param {DOMStringMap} data @returns {Geometry} */
export function geometry(data) {
  const number = (/** @type {string} */ name) => Number(data[name]);
  return {
    frames: number("frames"),
    across: number("across"),
    width: number("tileWidth"),
    height: number("tileHeight"),
    columnMm: number("columnMm"),
    rowMm: number("rowMm"),
    codeMax: number("codeMax"),
    levels: number("levels"),
  };
}

/** @param {number} frame @param {Geometry} g */
export const tile = (frame, g) => ({ left: (frame % g.across) * g.width, top: Math.floor(frame / g.across) * g.height });

/** @param {number} frame @param {number} by @param {{frames: number}} g */
export const turned = (frame, by, g) => (((frame + by) % g.frames) + g.frames) % g.frames;

/** @param {number} frame @param {{frames: number}} g */
export const degrees = (frame, g) => Math.round((360 * frame) / g.frames);

/** Where the reader stands: the front view is frame 0, a quarter turn on is seen from the patient's left.
 * @param {number} frame @param {{frames: number}} g */
export function seenFrom(frame, g) {
  const side = degrees(frame, g);
  /** @type {Record<number, string>} */
  const sides = { 0: "the front", 90: "the patient's left", 180: "behind", 270: "the patient's right" };
  const nearest = (Math.round(side / 90) * 90) % 360;
  return side === nearest || side - 360 === nearest ? sides[nearest] : `${side}°`;
}

/** What lies on the left and on the right of the picture: R and L from the front, A and P from the patient's left.
 * @param {number} frame @param {{frames: number}} g */
export function letters(frame, g) {
  const angle = (2 * Math.PI * frame) / g.frames;
  /** @type {[number, string, string][]} */
  const sides = [
    [Math.cos(angle), "L", "R"],
    [Math.sin(angle), "P", "A"],
  ];
  const parts = sides.filter(([share]) => Math.abs(share) > Math.sin(Math.PI / 8));
  parts.sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
  const side = (/** @type {number} */ sign) => parts.map(([share, along, against]) => (share * sign > 0 ? along : against)).join("");
  return { left: side(-1), right: side(1) };
}

/** Square pixels of the finer of the two spacings, so that the patient keeps true proportions. @param {Geometry} g */
export function canvasSize(g) {
  const pixel = Math.min(g.columnMm, g.rowMm);
  return { width: Math.round((g.width * g.columnMm) / pixel), height: Math.round((g.height * g.rowMm) / pixel) };
}

/** @param {number} code @param {Geometry} g */
export const suvOf = (code, g) => g.codeMax * (code / g.levels) ** 2;

/** Inverse grey for each code: white at SUV 0, black at `top` and above. @param {number} top @param {Geometry} g */
export function windowTable(top, g) {
  const table = new Uint8Array(256);
  for (let code = 0; code < 256; code += 1) table[code] = 255 - Math.round(255 * Math.min(1, suvOf(code, g) / top));
  return table;
}

/** The codes of one frame from the pixels (RGBA) of the whole sprite. @param {Uint8ClampedArray} pixels @param {number} sheetWidth @param {number} frame @param {Geometry} g */
export function codesOf(pixels, sheetWidth, frame, g) {
  const { left, top } = tile(frame, g);
  const codes = new Uint8Array(g.width * g.height);
  for (let row = 0; row < g.height; row += 1) {
    const start = (top + row) * sheetWidth + left;
    for (let column = 0; column < g.width; column += 1) codes[row * g.width + column] = pixels[4 * (start + column)];
  }
  return codes;
}

/** @param {Uint8Array} codes @param {Uint8Array} table @param {Uint8ClampedArray} pixels */
export function paint(codes, table, pixels) {
  for (let i = 0; i < codes.length; i += 1) {
    pixels[4 * i] = pixels[4 * i + 1] = pixels[4 * i + 2] = table[codes[i]];
    pixels[4 * i + 3] = 255;
  }
}
