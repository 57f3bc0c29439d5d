// The workspace of one page: its state, its pictures, and what a person may do with them. Other modules use only this.

import { times } from "./geometry.js";
import { fetchJson, regionsOf } from "./load.js";
import { sliceStep } from "./pointer.js";
import * as changes from "./state.js";
import { turned } from "../sprite.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Role} Role */
/** @typedef {import("./types.d.ts").Vec} Vec */
/** @typedef {import("./types.d.ts").Scan} Scan */
/** @typedef {import("./slicepanel.js").SlicePanel | import("./mippanel.js").MipPanel} Panel */

export class Workspace {
  /** @param {HTMLElement} root @param {import("./types.d.ts").PairAbout} pair @param {Scan[]} scans */
  constructor(root, pair, scans) {
    this.root = root;
    this.pair = pair;
    this.scans = scans;
    this.link = changes.linkOf(pair);
    this.store = changes.storeOf(changes.start(pair.scans));
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {((role: Role, p: Vec | null) => void)[]} */
    this.pointed = [];
    /** @type {((scan: Scan, state: State) => any)} */
    this.tables = () => ({});
    /** @type {{role: Role, place: () => Vec} | null} */
    this.hovered = null;
    /** @type {import("./types.d.ts").Tool | null} */
    this.tool = null;
    /** Keys of other modules, asked before those of the views. @type {((key: string, focus: import("./shortcuts.js").Focus) => (() => void) | null)[]} */
    this.keys = [];
    this.choices = 0; // made by the person: what an answer brings does not take away from a later one
    this.asked = 0;
    this.askedAt = 0;
    this.isReleased = false;
    this.store.subscribe(() => this.redraw());
  }

  get state() {
    return this.store.get();
  }

  get isPair() {
    return this.scans.length === 2;
  }

  /** @param {Partial<State>} patch */
  change(patch) {
    this.store.set({ ...this.state, ...patch });
  }

  /** @param {Role} role @param {Vec} p */
  moveTo(role, p) {
    this.store.set(this.inSight(changes.moveTo(this.state, role, p, this.link)));
  }

  /** @param {State} state */
  inSight(state) {
    const isSeen = this.panels.every((panel) => !("isInSight" in panel) || panel.isInSight(state));
    return isSeen ? state : changes.centred(state);
  }

  /** @param {Role} role @param {import("./types.d.ts").PlaneName} plane @param {number} count */
  stepSlice(role, plane, count) {
    const pet = this.scans.find((scan) => scan.about.role === role)?.pet ?? null;
    this.store.set(this.inSight(changes.step(this.state, role, times(sliceStep(plane, pet), count))));
  }

  /** The cross-hair by some millimetres. @param {Role} role @param {Vec} by */
  stepBy(role, by) {
    this.store.set(this.inSight(changes.step(this.state, role, by)));
  }

  /** Where a lesion was marked just now on this scan. @param {{pk: string, label: string}} lesion @param {Vec} lps */
  place({ pk, label }, lps) {
    const known = this.pair.lesions.find((one) => one.id === pk);
    if (known) known.points = { ...known.points, new: { lps, how: "marked" } };
    else this.pair.lesions.push({ id: pk, label, points: { new: { lps, how: "marked" }, old: { lps: this.link.toOld(lps), how: "registered" } } });
  }

  /** @param {string} id */
  choose(id) {
    const lesion = this.pair.lesions.find((one) => one.id === id);
    if (!lesion) return;
    this.choices += 1;
    this.store.set(changes.choose(this.state, lesion, this.link));
    this.tell(id, "");
  }

  /** @param {Role} role @param {string} id */
  chooseRegion(role, id) {
    const scan = this.scans.find((one) => one.about.role === role);
    const region = scan?.regions.find((one) => one.id === id);
    if (!region) return;
    if (region.kind === "lesion") return this.choose(region.lesion);
    this.choices += 1;
    this.store.set(changes.chooseRegion(this.state, role, region, this.link));
    this.tell("", id);
  }

  /** Chosen, with pictures and cross-hair as they are. @param {string} lesion */
  name(lesion) {
    this.change({ lesion, region: "" });
    this.tell(lesion, "");
  }

  /** Outlines, points and scores as they are now, after something was marked; volumes stay. @param {() => boolean} isStillNew */
  async refresh(isStillNew) {
    const pair = /** @type {import("./types.d.ts").PairAbout} */ (await fetchJson(this.root.dataset.url ?? ""));
    if (!isStillNew()) return;
    this.pair.lesions.splice(0, Infinity, ...pair.lesions);
    for (const scan of this.scans) {
      const about = pair.scans.find((one) => one.id === scan.about.id);
      if (about) scan.regions = regionsOf(about);
    }
    this.redrawAnew();
  }

  /** After outlines changed. */
  redrawAnew() {
    for (const panel of this.panels) panel.forget();
    this.redraw();
  }

  /** What other parts of the page hear. @param {string} lesion @param {string} region */
  tell(lesion, region) {
    document.dispatchEvent(new CustomEvent("reading:lesion", { detail: { lesion, region } }));
  }

  /** @param {Vec} by */
  pan(by) {
    if (this.state.zoom > 1) this.store.set(changes.panned(this.state, by));
  }

  /** @param {number} by */
  zoom(by) {
    this.store.set(changes.zoomed(this.state, by));
  }

  fit() {
    this.store.set(changes.fitted(this.state));
  }

  /** @param {number} by frames */
  turn(by) {
    const mip = this.scans.find((scan) => scan.about.mip)?.about.mip;
    if (mip) this.change({ frame: turned(this.state.frame, by, mip) });
  }

  /** Where the pointer is; asked again whenever the picture under it changes. @param {Role} role @param {(() => Vec) | null} place */
  hover(role, place) {
    this.hovered = place ? { role, place } : null;
    for (const tell of this.pointed) tell(role, place ? place() : null);
  }

  redraw() {
    if (this.asked || this.isReleased) return;
    this.askedAt = performance.now();
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.draw();
    });
  }

  draw() {
    const begun = performance.now();
    for (const panel of this.panels) {
      if (panel.canvas.width > 1 && panel.canvas.offsetParent) panel.draw(this.state, this.tables(panel.scan, this.state));
    }
    if (this.hovered) this.hover(this.hovered.role, this.hovered.place);
    const done = performance.now();
    this.root.dataset.redrawMs = (done - begun).toFixed(1);
    this.root.dataset.answerMs = (done - this.askedAt).toFixed(1);
  }

  release() {
    this.isReleased = true;
    cancelAnimationFrame(this.asked);
    for (const panel of this.panels) panel.release();
    this.panels = [];
  }
}
