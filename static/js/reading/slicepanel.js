// One slice of one scan on a canvas: pixels from the volumes, then outlines, cross-hair and letters over them.

import { paintCt, paintFused, paintPet } from "./colour.js";
import { PLANES, cameraOf, fitted, levelOf, middleOf, toCanvas } from "./geometry.js";
import { drawCross, drawEdges, drawLetters, edges, inkOn, isChosenRegion, isNamed, projection, sliceOf, styleOf, write } from "./overlay.js";
import { sample } from "./slices.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Scan} Scan */
/** @typedef {import("./tables.js").Tables} Tables */

export class SlicePanel {
  /**
   * @param {HTMLCanvasElement} canvas @param {Scan} scan @param {import("./types.d.ts").PlaneName} plane
   * @param {import("./types.d.ts").Mode | null} mode null: the one chosen for all slices
   */
  constructor(canvas, scan, plane, mode) {
    this.canvas = canvas;
    this.scan = scan;
    this.plane = plane;
    this.mode = mode;
    this.role = scan.about.role;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.image = new ImageData(1, 1);
    this.pet = new Uint16Array(1);
    this.ct = new Uint8Array(1);
    /** @type {Map<string, number[]>} */
    this.corners = new Map();
    /** @type {import("./types.d.ts").Over | null} */
    this.over = null;
  }

  /** @param {State} state */
  camera(state) {
    const { width, height } = this.canvas;
    const view = /** @type {import("./types.d.ts").View} */ (this.scan.about.view);
    const mmPerPixel = fitted(this.plane, view, width, height) / state.zoom;
    const centre = /** @type {import("./types.d.ts").Vec} */ ([...(state.zoom > 1 ? state.centres[this.role] : middleOf(view))]);
    if (this.plane !== "axial") centre[2] = levelOf(view, height * mmPerPixel, state.centres[this.role][2]);
    return cameraOf(this.plane, state.points[this.role], centre, this.canvas, mmPerPixel);
  }

  /** @param {State} state @param {Tables} tables */
  draw(state, tables) {
    const { canvas, scan } = this;
    this.fitBuffers();
    const camera = this.camera(state);
    this.paint(state, tables, camera);
    this.context.putImageData(this.image, 0, 0);
    if (state.hasOutlines && scan.pet) this.drawRegions(state, camera);
    const [x, y] = toCanvas(camera, state.points[this.role]);
    drawCross(this.context, x, y, canvas.width, canvas.height, this.isLight(state) ? "#0050b3" : "#7cc4f0");
    this.over?.(this.context, camera);
    this.drawWords(state);
  }

  /** Does the picture show this height with room around it? @param {State} state */
  isInSight(state) {
    if (this.plane === "axial" || !this.canvas.offsetParent) return true;
    const [x, y] = toCanvas(this.camera(state), state.points[this.role]);
    const { width, height } = this.canvas;
    const isWithin = (/** @type {number} */ at, /** @type {number} */ length) => at > 0.08 * length && at < 0.92 * length;
    return isWithin(y, height) && (state.zoom === 1 || isWithin(x, width));
  }

  fitBuffers() {
    const { width, height } = this.canvas;
    if (this.image.width === width && this.image.height === height) return;
    this.image = new ImageData(width, height);
    this.pet = new Uint16Array(width * height);
    this.ct = new Uint8Array(width * height);
  }

  /** @param {State} state */
  shown(state) {
    const mode = this.mode ?? state.mode;
    return this.scan.ct ? mode : "pet";
  }

  /** @param {State} state */
  isLight(state) {
    return this.shown(state) === "pet";
  }

  /** @param {State} state @param {Tables} tables @param {import("./types.d.ts").Camera} camera */
  paint(state, tables, camera) {
    const { scan, pet, ct } = this;
    const { width, height } = this.canvas;
    const pixels = new Uint32Array(this.image.data.buffer);
    const mode = this.shown(state);
    if (mode !== "ct" && scan.pet) sample(scan.pet, camera, width, height, state.isSmooth, pet);
    else pet.fill(0);
    if (mode !== "pet" && scan.ct) sample(scan.ct, camera, width, height, state.isSmooth, ct);
    if (mode === "fused") paintFused(pet, ct, tables, pixels);
    else if (mode === "ct") paintCt(ct, tables.greys, pixels);
    else paintPet(pet, tables.shares, pixels);
  }

  /** @param {State} state @param {import("./types.d.ts").Camera} camera */
  drawRegions(state, camera) {
    const pet = /** @type {import("./types.d.ts").Volume} */ (this.scan.pet);
    const { axis, level } = sliceOf(pet, camera, state.points[this.role]);
    const place = projection(pet, camera, axis, level);
    this.context.font = "600 11px system-ui, sans-serif";
    for (const region of this.scan.regions) {
      const isChosen = isChosenRegion(region, state);
      const label = drawEdges(this.context, this.edgesOf(region, axis, level), place, region.kind, isChosen);
      if (label && isNamed(region, isChosen)) write(this.context, region.label, label[0], label[1] - 4, styleOf(region.kind).colour);
    }
  }

  /** @param {import("./types.d.ts").Region} region @param {number} axis @param {number} level */
  edgesOf(region, axis, level) {
    const key = `${region.id} ${axis} ${level}`;
    let found = this.corners.get(key);
    if (!found) {
      if (this.corners.size > 400) this.corners.clear();
      found = edges(region, axis, level);
      this.corners.set(key, found);
    }
    return found;
  }

  /** @param {State} state */
  drawWords(state) {
    const { context, canvas, plane } = this;
    const { letters, through } = PLANES[plane];
    context.font = "600 11px system-ui, sans-serif";
    const isLight = this.isLight(state);
    drawLetters(context, letters, canvas.width, canvas.height, isLight);
    const mode = this.shown(state);
    const kind = mode === "fused" ? "PET on CT" : mode.toUpperCase();
    const name = `${plane[0].toUpperCase()}${plane.slice(1)} ${kind}`;
    write(context, name, 5, 14, inkOn(isLight), isLight);
    const way = ["x", "y", "z"][through];
    write(context, `${way} ${state.points[this.role][through].toFixed(0)} mm`, 5, canvas.height - 6, inkOn(isLight), isLight);
  }

  /** Outlines that were kept. */
  forget() {
    this.corners.clear();
  }

  release() {
    this.image = new ImageData(1, 1);
    this.pet = new Uint16Array(1);
    this.ct = new Uint8Array(1);
    this.corners.clear();
  }
}
