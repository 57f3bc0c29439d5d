// The reading page: fetches what is to be shown, puts pictures in the place of the stills, lets go when it is left.

import { showControls } from "./controls.js";
import { showLesions } from "./lesions.js";
import { emptyScan, loadCt, loadExact, loadPet, release } from "./load.js";
import { MipPanel } from "./mippanel.js";
import { onMip, onSlice } from "./pointer.js";
import { showReadouts } from "./readout.js";
import { listen } from "./shortcuts.js";
import { SlicePanel } from "./slicepanel.js";
import { loadFrames } from "../sprite-load.js";
import { tableMaker } from "./tables.js";
import { Workspace } from "./workspace.js";

/** @typedef {import("./types.d.ts").Scan} Scan */

const root = /** @type {HTMLElement} */ (document.querySelector("[data-workspace]"));
const leaving = new AbortController();
const SHARPEST = 1.5; // canvas pixels per pixel of the page: more is slower and shows no more of a PET

/** Resolves with the workspace once pictures can be drawn; what marks or grades waits for it. */
export const ready = Promise.resolve(root).then(open).catch(lost);

/** @param {HTMLElement} root */
async function open(root) {
  const pair = /** @type {import("./types.d.ts").PairAbout} */ (JSON.parse(document.getElementById("viewer-data")?.textContent ?? ""));
  const scans = pair.scans.map(emptyScan);
  const work = new Workspace(root, pair, scans);
  const tables = tableMaker(pair.palettes);
  work.tables = tables.of;
  for (const scan of scans) addPanels(work, scan);
  showLesions(work, root);
  showReadouts(work, root);
  document.getElementById("with")?.addEventListener("change", (event) => /** @type {HTMLSelectElement} */ (event.target).form?.submit());
  if (scans.some((scan) => scan.about.pet)) showControls(work, root, tables.colours);
  listen(work, root);
  watchSizes(work);
  addEventListener("pagehide", () => leave(work), { once: true });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  load(work).catch(lost);
  return work;
}

/** @param {unknown} error */
function lost(error) {
  if (leaving.signal.aborted) return null;
  const strip = /** @type {HTMLElement | null} */ (root.querySelector("[data-lost]"));
  if (strip) strip.hidden = false;
  root.classList.add("is-lost");
  console.warn("volumes unavailable", error);
  return null;
}

/** @param {Workspace} work @param {Scan} scan */
function addPanels(work, scan) {
  const section = root.querySelector(`[data-scan="${scan.about.role}"]`);
  for (const figure of /** @type {NodeListOf<HTMLElement>} */ (section?.querySelectorAll("[data-view]") ?? [])) {
    const canvas = /** @type {HTMLCanvasElement} */ (figure.querySelector("canvas"));
    const [plane, mode] = (figure.dataset.view ?? "").split("-");
    if (plane === "mip") {
      if (!scan.about.mip) continue;
      const panel = new MipPanel(canvas, scan, work.pair.lesions);
      work.panels.push(panel);
      onMip(work, panel);
    } else if (scan.about.pet) {
      const panel = new SlicePanel(canvas, scan, /** @type {any} */ (plane), /** @type {any} */ (mode ?? null));
      work.panels.push(panel);
      onSlice(work, panel);
      figure.hidden = false;
    }
  }
}

/** Canvases have the pixels of the place they take. @param {Workspace} work */
function watchSizes(work) {
  const watch = new ResizeObserver(() => {
    size(work);
    work.redraw();
  });
  for (const { canvas } of work.panels) if (canvas.parentElement) watch.observe(canvas.parentElement);
}

/** @param {Workspace} work */
function size(work) {
  const sharp = Math.min(devicePixelRatio || 1, SHARPEST);
  for (const { canvas } of work.panels) {
    const [width, height] = [Math.round(canvas.clientWidth * sharp), Math.round(canvas.clientHeight * sharp)];
    if (width && height && (canvas.width !== width || canvas.height !== height)) Object.assign(canvas, { width, height });
  }
}

/** Projections and PET of both scans first, then CT, then the exact values. @param {Workspace} work */
async function load(work) {
  const each = (/** @type {(scan: Scan) => Promise<void>} */ one) => Promise.all(work.scans.map(one));
  await each(async (scan) => {
    await Promise.all([frames(work, scan), loadPet(scan, leaving.signal, tell(scan, 0))]);
    note(work, "picture");
  });
  await each((scan) => loadCt(scan, leaving.signal, tell(scan, 1)));
  note(work, "fused");
  await each((scan) => loadExact(scan, leaving.signal, tell(scan, 2)));
  note(work, "all");
  for (const { about } of work.scans) progressOf(about.role)?.setAttribute("hidden", "");
}

/** @param {Workspace} work @param {Scan} scan */
async function frames(work, scan) {
  if (!scan.about.mip) return;
  scan.frames = await loadFrames(scan.about.mip.url, scan.about.mip, leaving.signal);
  const figure = root.querySelector(`[data-scan="${scan.about.role}"] [data-view="mip"]`);
  figure?.querySelector("img")?.setAttribute("hidden", "");
  figure?.querySelector("canvas")?.removeAttribute("hidden");
  note(work, "mip");
}

/** What has come is drawn; the time since the click is kept on the page. @param {Workspace} work @param {string} name */
function note(work, name) {
  size(work);
  work.draw();
  const key = `${name}Ms`;
  root.dataset[key] ??= performance.now().toFixed(0);
  root.dispatchEvent(new CustomEvent("reading:loaded", { detail: name }));
}

/** @param {string} role */
function progressOf(role) {
  return root.querySelector(`[data-scan="${role}"] [data-progress]`);
}

/** @param {Scan} scan @param {number} part of three */
function tell(scan, part) {
  const line = progressOf(scan.about.role);
  return (/** @type {number} */ share) => {
    line?.removeAttribute("hidden");
    const bar = line?.querySelector("progress");
    if (bar) bar.value = (part + share) / 3;
  };
}

/** @param {Workspace} work */
function leave(work) {
  leaving.abort();
  work.release();
  for (const scan of work.scans) release(scan);
}
