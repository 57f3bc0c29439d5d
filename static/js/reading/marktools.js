// Marking with the pointer on slices and projections of this scan, and what is drawn while it goes on.

import { PLANES, minus, onVoxel, plus, toCanvas } from "./geometry.js";
import { write } from "./overlay.js";
import { boxOf, meanWithin } from "./regions.js";

/** @typedef {import("./types.d.ts").Vec} Vec */
/** @typedef {import("./types.d.ts").Row} Row */
/** @typedef {import("./slicepanel.js").SlicePanel} SlicePanel */
/** @typedef {import("./marking.js").Marking} Marking */

const GRIP_PIXELS = 9;
const STILL_MM = 2;
const INK = "#ffd166";

/** The ``Tool`` of types.d.ts. */
export class MarkTool {
  /** @param {Marking} marking */
  constructor(marking) {
    this.marking = marking;
    /** @type {SlicePanel | null} */
    this.panel = null;
    /** @type {Vec | null} first corner of a box, first part of a split, or where a reference was taken hold of */
    this.from = null;
    /** @type {Vec | null} */
    this.to = null;
    /** @type {Row | null} a reference that is being moved */
    this.held = null;
    for (const panel of marking.panels) panel.over = (context, camera) => this.draw(panel, context, camera);
  }

  /** @param {SlicePanel} panel @param {Vec} p @param {PointerEvent} event */
  down(panel, p, event) {
    const { tool, work } = this.marking;
    if (panel.role !== "new") return this.refuse(tool);
    if (!tool) return this.hold(panel, p, event);
    this.panel = panel;
    const place = onVoxel(/** @type {any} */ (panel.scan.pet), p);
    work.moveTo("new", place);
    if (tool === "box") this.from = this.to = place;
    else this.point(place);
    return true;
  }

  /** @param {string} tool */
  refuse(tool) {
    if (tool) this.marking.bar.say("Marks go on this scan; the earlier one is only shown.", "error");
    return Boolean(tool);
  }

  /** Takes hold of a reference by its middle. @param {SlicePanel} panel @param {Vec} p @param {PointerEvent} event */
  hold(panel, p, event) {
    const { work } = this.marking;
    if (!work.state.hasOutlines || event.altKey) return false;
    const camera = panel.camera(work.state);
    const [x, y] = toCanvas(camera, p);
    const grip = this.references(panel).find((row) => Math.hypot(...minus2(toCanvas(camera, row.centre_mm), [x, y])) < GRIP_PIXELS * 1.5);
    if (!grip) return false;
    [this.panel, this.held, this.from, this.to] = [panel, grip, p, p];
    return true;
  }

  /** Those that this slice cuts. @param {SlicePanel} panel */
  references(panel) {
    const { through } = PLANES[panel.plane];
    const level = this.marking.work.state.points.new[through];
    return [...this.marking.rows.values()].filter((row) => row.role !== "lesion" && row.may_move && Math.abs(row.centre_mm[through] - level) < row.radius_mm);
  }

  /** @param {Vec} p */
  move(p) {
    if (!this.from) return;
    this.to = p;
    this.marking.work.redraw();
  }

  /** @param {Vec} p */
  up(p) {
    const { panel, from, held } = this;
    const isBox = this.marking.tool === "box";
    if (!held && !isBox) return;
    [this.held, this.from, this.to] = [null, null, null];
    this.marking.work.redraw();
    if (!panel || !from) return;
    if (held) this.drop(held, panel, from, p);
    else if (Math.hypot(...minus(p, from)) > STILL_MM) this.box(panel, from, p);
  }

  /** @param {Row} held @param {SlicePanel} panel @param {Vec} from @param {Vec} p */
  drop(held, panel, from, p) {
    const by = minus(p, from);
    this.marking.choose(held.voi);
    if (Math.hypot(...by) > STILL_MM) this.marking.moveReference(held, plus(held.centre_mm, by));
    else this.marking.work.moveTo("new", held.centre_mm);
  }

  /** @param {SlicePanel} panel @param {Vec} from @param {Vec} to */
  box(panel, from, to) {
    this.marking.box(...boxOf(from, to, PLANES[panel.plane].through));
  }

  /** Also by Enter at the cross-hair. @param {Vec} place @param {SlicePanel | null} [panel] */
  point(place, panel = this.panel) {
    const { tool } = this.marking;
    if (tool === "grow") return this.marking.grow(place);
    if (!this.from) {
      this.from = place;
      this.marking.bar.say(tool === "box" ? "First corner set. Go to the opposite one." : "First part set. Go to the second.");
      return this.marking.work.redraw();
    }
    const first = this.from;
    this.clear();
    if (tool === "box" && panel) this.box(panel, first, place);
    else if (tool === "split") this.marking.split(first, place);
  }

  clear() {
    [this.from, this.to, this.held] = [null, null, null];
    this.marking.work.redraw();
  }

  /** A click on the projection means the hottest voxel behind it. @param {import("./types.d.ts").Role} role @param {Vec | null} hottest */
  onMip(role, hottest) {
    const { tool, work } = this.marking;
    if (tool !== "grow") return false;
    if (role !== "new") return this.refuse(tool);
    if (!hottest) return false;
    work.moveTo("new", hottest);
    this.marking.grow(hottest);
    return true;
  }

  /** @param {SlicePanel} panel @param {CanvasRenderingContext2D} context @param {import("./types.d.ts").Camera} camera */
  draw(panel, context, camera) {
    if (this.marking.work.state.hasOutlines) for (const row of this.references(panel)) this.grip(context, camera, row);
    if (!this.from) return;
    context.strokeStyle = INK;
    context.lineWidth = 2;
    const [x, y] = toCanvas(camera, this.from);
    if (this.held && panel.plane === this.panel?.plane) this.preview(panel, context, camera, this.held);
    else if (this.to && !this.held && panel === this.panel) {
      const [right, down] = toCanvas(camera, this.to);
      context.strokeRect(x, y, right - x, down - y);
    } else if (!this.held) ring(context, x, y, 6);
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./types.d.ts").Camera} camera @param {Row} row */
  grip(context, camera, row) {
    const [x, y] = toCanvas(camera, row.centre_mm);
    context.strokeStyle = "#5fd0a6";
    context.lineWidth = 1.5;
    ring(context, x, y, 4);
  }

  /** Where the sphere would be, with the mean of the pixels at hand: a preview, never the number itself.
   * @param {SlicePanel} panel @param {CanvasRenderingContext2D} context @param {import("./types.d.ts").Camera} camera @param {Row} row */
  preview(panel, context, camera, row) {
    const centre = plus(row.centre_mm, minus(/** @type {Vec} */ (this.to), /** @type {Vec} */ (this.from)));
    const [x, y] = toCanvas(camera, centre);
    ring(context, x, y, row.radius_mm / Math.hypot(...camera.right));
    const { pet, hasExact, about } = panel.scan;
    const mean = pet && about.pet && hasExact ? meanWithin(pet, about.pet, centre, row.radius_mm) : null;
    if (mean !== null) write(context, `preview: mean ${mean.toFixed(2)}`, x + 8, y - 10, INK);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius */
function ring(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

/** @param {[number, number]} a @param {[number, number]} b */
const minus2 = (a, b) => [a[0] - b[0], a[1] - b[1]];
