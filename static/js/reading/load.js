// Volumes and projections from the server into typed arrays: in parallel, with progress, and to be stopped.

import { inverseOf } from "./geometry.js";
import { unpacked } from "./overlay.js";

/** @typedef {import("./types.d.ts").ScanAbout} ScanAbout */
/** @typedef {import("./types.d.ts").Scan} Scan */
/** @typedef {(share: number) => void} Progress */

/** @param {ScanAbout} about @returns {Scan} */
export const emptyScan = (about) => ({
  about,
  pet: null,
  hasExact: false,
  ct: null,
  frames: null,
  regions: regionsOf(about),
});

/** Those with voxels; lesions last, so that they are drawn over what surrounds them. @param {ScanAbout} about */
export function regionsOf(about) {
  const drawn = about.regions.filter((region) => region.bits).map((region) => ({ ...region, voxels: unpacked(region.bits, region.shape) }));
  return drawn.sort((a, b) => Number(a.kind === "lesion") - Number(b.kind === "lesion"));
}

/** @param {string} url @param {AbortSignal} [signal] */
async function fetched(url, signal) {
  const response = await fetch(url, { credentials: "same-origin", signal });
  if (!response.ok || !response.body) throw new Error(`${response.status} for ${url}`);
  return response;
}

/** @param {string} url @returns {Promise<any>} */
export const fetchJson = async (url) => (await fetched(url)).json();

/**
 * The bytes of a gzip file. ``size``: how many there must be, or the volume is not what was announced.
 * @param {string} url @param {number} size @param {AbortSignal} signal @param {Progress} [tell] @param {Uint8Array} [into]
 */
export async function bytes(url, size, signal, tell = () => {}, into = new Uint8Array(size)) {
  const response = await fetched(url, signal);
  const total = Number(response.headers.get("Content-Length")) || 0;
  let come = 0;
  const counting = new TransformStream({
    transform(chunk, controller) {
      come += chunk.length;
      tell(total ? come / total : 0);
      controller.enqueue(chunk);
    },
  });
  const body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
  const reader = body.pipeThrough(counting).pipeThrough(new DecompressionStream("gzip")).getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > size) throw new Error("a volume is larger than announced");
    into.set(value, at);
    at += value.length;
  }
  if (at !== size) throw new Error("a volume ended early");
  return into;
}

/** @param {[number, number, number]} shape */
const sizeOf = (shape) => shape[0] * shape[1] * shape[2];

/**
 * The picture first (upper bytes), later the exact codes; ``scan.hasExact`` says which.
 * @param {Scan} scan @param {AbortSignal} signal @param {Progress} tell
 */
export async function loadPet(scan, signal, tell) {
  const about = scan.about.pet;
  if (!about) return;
  const size = sizeOf(about.shape);
  const upper = await bytes(about.upper, size, signal, tell);
  const codes = new Uint16Array(size);
  for (let n = 0; n < size; n += 1) codes[n] = upper[n] << 8;
  scan.pet = { codes, shape: about.shape, affine: about.affine, inverse: inverseOf(about.affine) };
}

/** @param {Scan} scan @param {AbortSignal} signal @param {Progress} tell */
export async function loadExact(scan, signal, tell) {
  const [about, pet] = [scan.about.pet, scan.pet];
  if (!about || !pet) return;
  const lower = await bytes(about.lower, pet.codes.length, signal, tell);
  for (let n = 0; n < lower.length; n += 1) pet.codes[n] |= lower[n];
  scan.hasExact = true;
}

/** @param {Scan} scan @param {AbortSignal} signal @param {Progress} tell */
export async function loadCt(scan, signal, tell) {
  const about = scan.about.ct;
  if (!about) return;
  const codes = await bytes(about.url, sizeOf(about.shape), signal, tell);
  scan.ct = { codes, shape: about.shape, affine: about.affine, inverse: inverseOf(about.affine) };
}

/** Lets go of everything that is large. @param {Scan} scan */
export function release(scan) {
  Object.assign(scan, { pet: null, ct: null, frames: null, regions: [], hasExact: false });
}
