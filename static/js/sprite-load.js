// The frames of a sprite as arrays of codes.

import { codesOf } from "./sprite.js";

/** @param {string} url @param {any} g geometry, see sprite.js @param {AbortSignal} [signal] @returns {Promise<Uint8Array[]>} */
export async function loadFrames(url, g, signal) {
  const response = await fetch(url, { credentials: "same-origin", signal });
  if (!response.ok) throw new Error(String(response.status));
  const sheet = await createImageBitmap(await response.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const context = new OffscreenCanvas(sheet.width, sheet.height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.drawImage(sheet, 0, 0);
  const { data } = context.getImageData(0, 0, sheet.width, sheet.height);
  const width = sheet.width;
  sheet.close();
  return Array.from({ length: g.frames }, (_, frame) => codesOf(data, width, frame, g));
}
