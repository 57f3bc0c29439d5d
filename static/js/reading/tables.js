// Colour tables of the two scans, made again only where window, mix or palette changed.

import { bytesOf, fusion, greys, shares } from "./colour.js";
import { windowTable } from "../sprite.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Scan} Scan */
/** @typedef {{shares: Uint8Array, greys: Uint8Array, adds: Uint32Array, stays: Uint16Array, mip: Uint8Array}} Tables */

/** @param {Record<string, string>} palettes base64 of red, green, blue */
export function tableMaker(palettes) {
  const colours = Object.fromEntries(Object.entries(palettes).map(([name, text]) => [name, bytesOf(text)]));
  /** @type {Map<string, any>} */
  const kept = new Map();
  /** @template T @param {string} name @param {string} key @param {() => T} make @returns {T} */
  const once = (name, key, make) => {
    const found = kept.get(name);
    if (found?.key === key) return found.value;
    const value = make();
    kept.set(name, { key, value });
    return value;
  };
  return {
    colours,
    /** @param {Scan} scan @param {State} state @returns {Tables} */
    of(scan, state) {
      const { role, pet, ct, mip } = scan.about;
      const window = state.windows[role];
      const top = `${window}`;
      const { adds, stays } = once("fusion", `${state.palette} ${state.mix}`, () => fusion(colours[state.palette], state.mix));
      return {
        adds,
        stays,
        shares: once(`shares ${role}`, top, () => (pet ? shares(pet, window) : new Uint8Array(4096))),
        greys: once(`greys ${role}`, "", () => (ct ? greys(ct) : new Uint8Array(256))),
        mip: once(`mip ${role}`, top, () => (mip ? windowTable(window[1], mip) : new Uint8Array(256))),
      };
    },
  };
}
