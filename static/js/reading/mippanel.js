// The rotating projection of one scan on a canvas, with lesions on it that can be picked.

import { leaderOf, leftWords, named } from "./miplabels.js";
import { angleOf, hit, placed, projected, seenOn, silhouette, toPicture } from "./mipview.js";
import { drawEdges, drawLetters, inkOn, isChosenRegion, styleOf, write } from "./overlay.js";
import { letters, paint, seenFrom } from "../sprite.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Scan} Scan */
/** @typedef {{x: number, y: number, depth: number, lesion: string, region: string, kind: string, label: string}} Mark */

export class MipPanel {
  /** @param {HTMLCanvasElement} canvas @param {Scan} scan @param {import("./types.d.ts").LesionAbout[]} lesions */
  constructor(canvas, scan, lesions) {
    this.canvas = canvas;
    this.scan = scan;
    this.lesions = lesions;
    this.role = scan.about.role;
    this.mip = /** @type {import("./types.d.ts").MipAbout} */ (scan.about.mip);
    this.common = /** @type {import("./types.d.ts").View} */ (scan.about.view);
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.tile = new OffscreenCanvas(this.mip.width, this.mip.height);
    this.image = new ImageData(this.mip.width, this.mip.height);
    /** @type {Map<string, number[]>} */
    this.outlines = new Map();
    this.outlinesOf = -1;
  }

  /** @param {State} state @param {import("./tables.js").Tables} tables */
  draw(state, tables) {
    const { canvas, context, mip, scan } = this;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (!scan.frames) return;
    paint(scan.frames[state.frame], tables.mip, this.image.data);
    /** @type {OffscreenCanvasRenderingContext2D} */ (this.tile.getContext("2d")).putImageData(this.image, 0, 0);
    const at = this.placed(state);
    const [wide, tall] = [mip.width * mip.columnMm * at.perMm, mip.height * mip.rowMm * at.perMm];
    context.imageSmoothingEnabled = state.isSmooth;
    context.drawImage(this.tile, at.axis - wide / 2, at.top, wide, tall);
    if (state.hasOutlines) this.drawOutlines(state, at);
    this.drawCross(state, at);
    this.drawWords(state);
  }

  /** @param {State} state */
  placed(state) {
    const centre = projected(this.mip.view, this.angle(state), state.centres[this.role]);
    return placed(this.common, this.canvas.width, this.canvas.height, state.zoom, centre);
  }

  /** Does the picture show the cross-hair with room around it? @param {State} state */
  isInSight(state) {
    if (state.zoom === 1 || !this.canvas.offsetParent) return true;
    const [x, y] = toPicture(this.placed(state), projected(this.mip.view, this.angle(state), state.points[this.role]));
    const isWithin = (/** @type {number} */ at, /** @type {number} */ length) => at > 0.04 * length && at < 0.96 * length;
    return isWithin(x, this.canvas.width) && isWithin(y, this.canvas.height);
  }

  /** @param {State} state */
  angle(state) {
    return angleOf(this.mip, state.frame);
  }

  /** Where lesions and open foci lie on this frame. @param {State} state @returns {Mark[]} */
  marks(state) {
    const at = this.placed(state);
    const spot = (/** @type {import("./types.d.ts").Vec} */ lps) => {
      const place = projected(this.mip.view, this.angle(state), lps);
      const [x, y] = toPicture(at, place);
      return { x, y, depth: place.depth };
    };
    const known = seenOn(this.lesions, this.role, state.lesion).map(({ id, label, place }) => ({ ...spot(place.lps), lesion: id, region: "", kind: "lesion", label }));
    const taken = new Set(known.map((mark) => mark.lesion));
    const open = this.scan.regions.filter((region) => ["focus", "imported"].includes(region.kind) && !taken.has(region.lesion));
    return [...known, ...open.map((region) => ({ ...spot(region.point), lesion: "", region: region.id, kind: region.kind, label: region.label }))];
  }

  /** @param {State} state @param {number} x @param {number} y */
  pick(state, x, y) {
    return hit(this.marks(state), x, y, 12);
  }

  /** @param {State} state @param {ReturnType<typeof placed>} at */
  drawOutlines(state, at) {
    if (this.outlinesOf !== state.frame) this.outlines.clear();
    this.outlinesOf = state.frame;
    for (const region of this.scan.regions) {
      if (!["lesion", "focus", "imported"].includes(region.kind) || !this.scan.about.pet) continue;
      const place = (/** @type {number} */ across, /** @type {number} */ height) => toPicture(at, { across, height });
      const isChosen = isChosenRegion(region, state);
      drawEdges(this.context, this.outlineOf(region, state), place, region.kind, isChosen);
    }
    this.drawNames(state);
  }

  /** @param {State} state */
  drawNames(state) {
    const { context } = this;
    const { width, height } = this.canvas;
    context.font = "600 11px system-ui, sans-serif";
    const marks = this.marks(state), chosen = marks.filter((mark) => (state.lesion ? mark.lesion === state.lesion : mark.region === state.region && state.region));
    const { names, left } = named([...new Set([...chosen, ...marks])], width, height);
    for (const name of names) {
      const { colour } = styleOf(name.mark.kind);
      if (name.isAway) drawLeader(context, leaderOf(name), [name.mark.x, name.mark.y], colour);
      write(context, name.mark.label, name.x, name.y, colour);
    }
    write(context, leftWords(left), 5, height - 6, inkOn(true), true);
  }

  /** @param {import("./types.d.ts").Region} region @param {State} state */
  outlineOf(region, state) {
    let found = this.outlines.get(region.id);
    if (!found) {
      const pet = /** @type {import("./types.d.ts").PetAbout} */ (this.scan.about.pet);
      found = silhouette(region, /** @type {any} */ (pet), this.mip.view, this.angle(state));
      this.outlines.set(region.id, found);
    }
    return found;
  }

  /** A ring with four ticks: it leaves the place itself free. @param {State} state @param {ReturnType<typeof placed>} at */
  drawCross(state, at) {
    const { context } = this;
    const [x, y] = toPicture(at, projected(this.mip.view, this.angle(state), state.points[this.role]));
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 11 * dx, y + 11 * dy);
      context.lineTo(x + 20 * dx, y + 20 * dy);
    }
    for (const [width, colour] of /** @type {[number, string][]} */ ([[4, "rgb(255 255 255 / .8)"], [2, "#0050b3"]])) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  /** @param {State} state */
  drawWords(state) {
    const { left, right } = letters(state.frame, this.mip);
    this.context.font = "600 11px system-ui, sans-serif";
    drawLetters(this.context, [left, right, "", ""], this.canvas.width, this.canvas.height, true);
    write(this.context, `MIP, from ${seenFrom(state.frame, this.mip)}`, 5, 14, inkOn(true), true);
    this.canvas.setAttribute("aria-label", `Maximum intensity projection, seen from ${seenFrom(state.frame, this.mip)}. Left and right arrow turn it.`);
  }

  /** Outlines that were kept. */
  forget() {
    this.outlines.clear();
  }

  release() {
    this.outlines.clear();
    this.image = new ImageData(1, 1);
  }
}

/** @param {CanvasRenderingContext2D} context @param {[number, number]} from @param {[number, number]} to @param {string} colour */
function drawLeader(context, from, to, colour) {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  for (const [width, stroke] of /** @type {[number, string][]} */ ([[3, "rgb(0 0 0 / .45)"], [1, colour]])) {
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.stroke();
  }
}
