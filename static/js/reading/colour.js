// From codes to colours: windows, uptake over CT. Pure. Windows and opacity are those of imaging/domain/fusion.py.

/** @typedef {import("./types.d.ts").Window} Window */

export const LEVELS = 4096; // steps of uptake on the screen: the upper 12 bits of a code
export const CT_WINDOW = /** @type {Window} */ ([-160, 240]);
export const RISE = 0.25; // share of the window over which uptake covers the CT
const OPAQUE = 0xff000000;

/** SUV of a code, as imaging/domain/suv_code.py decodes it. @param {number} code @param {{suv_max: number, levels: number}} coding */
export const suvOf = (code, coding) => coding.suv_max * (code / coding.levels) ** 2;

/**
 * 0 to 255 across the window, for the middle of each of the 4096 steps.
 * @param {{suv_max: number, levels: number}} coding @param {Window} window
 */
export function shares(coding, [low, high]) {
  const table = new Uint8Array(LEVELS);
  for (let level = 0; level < LEVELS; level += 1) {
    const code = level ? level * 16 + 7.5 : 0;
    table[level] = Math.round(255 * Math.min(1, Math.max(0, (suvOf(code, coding) - low) / (high - low))));
  }
  return table;
}

/** Grey of each CT code. @param {{step: number, lowest: number}} coding @param {Window} [window] */
export function greys(coding, [low, high] = CT_WINDOW) {
  const table = new Uint8Array(256);
  for (let code = 0; code < 256; code += 1) {
    const hu = coding.lowest + coding.step * code;
    table[code] = Math.round(255 * Math.min(1, Math.max(0, (hu - low) / (high - low))));
  }
  return table;
}

/**
 * What uptake adds over a CT, and how much of the CT (of 256) stays, for each share of the window.
 * @param {Uint8Array} palette red, green, blue of 256 steps @param {number} mix 0 to 1
 */
export function fusion(palette, mix) {
  const adds = new Uint32Array(256);
  const stays = new Uint16Array(256);
  for (let share = 0; share < 256; share += 1) {
    const opacity = mix * Math.min(share / 255 / RISE, 1);
    const [r, g, b] = [0, 1, 2].map((n) => Math.floor(palette[3 * share + n] * opacity));
    adds[share] = ((b << 16) | (g << 8) | r) >>> 0;
    stays[share] = Math.floor(256 * (1 - opacity));
  }
  return { adds, stays };
}

/**
 * Pixels (ABGR) of uptake over CT.
 * @param {Uint16Array} pet @param {Uint8Array} ct
 * @param {{shares: Uint8Array, greys: Uint8Array, adds: Uint32Array, stays: Uint16Array}} tables @param {Uint32Array} pixels
 */
export function paintFused(pet, ct, { shares, greys, adds, stays }, pixels) {
  for (let n = 0; n < pixels.length; n += 1) {
    const share = shares[pet[n] >> 4];
    const grey = (greys[ct[n]] * stays[share]) >> 8;
    pixels[n] = OPAQUE | (adds[share] + grey * 0x010101);
  }
}

/** Inverse grey: the more uptake the darker. @param {Uint16Array} pet @param {Uint8Array} shares @param {Uint32Array} pixels */
export function paintPet(pet, shares, pixels) {
  for (let n = 0; n < pixels.length; n += 1) pixels[n] = OPAQUE | ((255 - shares[pet[n] >> 4]) * 0x010101);
}

/** @param {Uint8Array} ct @param {Uint8Array} greys @param {Uint32Array} pixels */
export function paintCt(ct, greys, pixels) {
  for (let n = 0; n < pixels.length; n += 1) pixels[n] = OPAQUE | (greys[ct[n]] * 0x010101);
}

/** Bytes of base64 text. @param {string} text */
export function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let n = 0; n < raw.length; n += 1) bytes[n] = raw.charCodeAt(n);
  return bytes;
}
