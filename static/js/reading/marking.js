// Marking while reading: every step goes to the server, is shown when the server has said yes, and can be undone.

import { PLANES, onVoxel } from "./geometry.js";
import { unpacked } from "./overlay.js";
import { decide } from "./deciding.js";
import { MarkBar } from "./markbar.js";
import { MarkTool } from "./marktools.js";
import { ready } from "./reading.js";
import { arrowStep, asLeft, chosenRow, DEFAULT, fields, merged, ruleFields, stepped, twoPoints } from "./regions.js";
import { Sender } from "./sender.js";
import { keepLists } from "./lists.js";
import { Steps } from "./steps.js";

/** @typedef {import("./types.d.ts").Step} Step */
/** @typedef {import("./types.d.ts").Answer} Answer */
/** @typedef {import("./types.d.ts").Row} Row */
/** @typedef {import("./types.d.ts").Vec} Vec */

const REACH_MM = "30";
const POLL_MS = [400, 700, 1000, 1500, 2500];

ready.then((work) => {
  const element = /** @type {HTMLElement | null} */ (document.querySelector("[data-marking]"));
  if (work && element) new Marking(work, element).begin();
});

export class Marking {
  /** @param {import("./workspace.js").Workspace} work @param {HTMLElement} element */
  constructor(work, element) {
    this.work = work;
    this.bar = new MarkBar(element, work.root);
    const { markUrl = "", regionsUrl = "" } = element.dataset;
    this.regionsUrl = regionsUrl;
    this.scan = /** @type {import("./types.d.ts").Scan} */ (work.scans.find((scan) => scan.about.role === "new"));
    this.panels = /** @type {import("./slicepanel.js").SlicePanel[]} */ (work.panels.filter((panel) => "plane" in panel && panel.role === "new"));
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    this.own = /** @type {Set<string>} versions that steps of this page made */ (new Set());
    this.shown = 0; // steps: a list that was asked for before the last of them is older than it
    this.steps = new Steps(this, new Sender(markUrl.slice(0, markUrl.indexOf("scans/")), markUrl, this.bar.token));
    this.tool = "";
    /** What waits for a word, or for the network. @type {(() => void) | null} */
    this.waiting = null;
    this.polls = 0;
    this.timer = 0;
    this.pointer = new MarkTool(this);
    this.lists = keepLists(work);
  }

  begin() {
    if (!this.scan?.about.pet) return;
    this.work.tool = this.pointer;
    this.work.keys.push((key, focus) => this.key(key, focus));
    this.bar.element.hidden = false;
    this.listen();
    decide(this);
    this.work.store.subscribe((now, before) => {
      if (now.lesion !== before.lesion || now.region !== before.region) this.show();
    });
    this.reload().then(() => this.isComputing && this.poll()).catch(() => this.poll());
  }

  get row() {
    return chosenRow(this.rows, this.work.state);
  }

  show() {
    this.bar.show(this.row, this.rows, this.scan.about.pet?.unit_words ?? "");
    this.bar.showUndo(this.steps.history.back.at(-1)?.words ?? "");
    if (this.tool) this.bar.offerLesions(this.rows, this.work.state.lesion, this.tool === "split");
  }

  /** @param {string} voi */
  choose(voi) {
    const row = this.rows.get(voi);
    this.work.choices += 1;
    if (row?.lesion) this.work.name(row.lesion.pk);
    else if (row) this.work.change({ region: voi, lesion: "" });
  }

  listen() {
    const { bar } = this;
    const on = (/** @type {string} */ name, /** @type {(element: any) => void} */ act, kind = "click") =>
      bar.element.querySelectorAll(name).forEach((element) => element.addEventListener(kind, () => act(element)));
    on("[data-tool]", (button) => this.arm(button.dataset.tool));
    on("[data-threshold-by]", (button) => this.threshold(Number(button.dataset.thresholdBy)));
    on("[data-remove]", () => this.remove());
    on("[data-undo]", () => this.steps.takeBack("back"));
    on("[data-ask-close]", () => this.arm(""));
    on("[data-merge]", (select) => select.value && this.merge(select.value), "change");
    on("[data-reference]", (select) => select.value && this.goTo(select.value), "change");
    on("[data-move-here]", () => this.row && this.moveReference(this.row, this.work.state.points.new));
    on("[data-retry]", () => this.again());
    bar.field("lesion").addEventListener("change", () => bar.pick());
    bar.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.waiting) this.again();
      else this.atCross(null);
    });
  }

  /** @param {string} key @param {import("./shortcuts.js").Focus} focus @returns {(() => void) | null} */
  key(key, { plane, role }) {
    const acts = /** @type {Record<string, () => void>} */ ({
      a: () => this.arm("grow"), b: () => this.arm("box"), "[": () => this.threshold(-1), "]": () => this.threshold(1),
      z: () => this.steps.takeBack("back"), Z: () => this.steps.takeBack("again"), Delete: () => this.remove(),
    });
    if (this.tool) {
      const by = role === "new" && this.scan.pet ? arrowStep(PLANES[plane], key, Math.hypot(...this.scan.pet.affine.slice(0, 3).map((row) => row[0]))) : null;
      if (by) return () => this.work.stepBy("new", by);
      Object.assign(acts, { Enter: () => this.atCross(this.panels.find((panel) => panel.plane === plane) ?? null), Escape: () => this.arm("") });
    }
    return acts[key] ?? null;
  }

  /** @param {import("./slicepanel.js").SlicePanel | null} panel */
  atCross(panel) {
    const pet = this.scan.pet;
    if (pet && this.tool) this.pointer.point(onVoxel(pet, this.work.state.points.new), panel ?? this.panels[0]);
  }

  /** The same tool again puts it away. @param {string} tool */
  arm(tool) {
    this.tool = tool === this.tool ? "" : tool;
    this.bar.picked = "";
    this.waiting = null;
    this.pointer.clear();
    this.bar.showTool(this.tool);
    this.bar.say("");
    this.show();
    if (this.tool) this.toPictures();
  }

  /** Keys go to the pictures of this scan, from wherever the tool was taken up. */
  toPictures() {
    this.panels.find((panel) => panel.canvas.offsetParent)?.canvas.focus({ preventScroll: true });
  }

  /** @param {string} voi */
  goTo(voi) {
    const row = /** @type {Row} */ (this.rows.get(voi));
    this.work.moveTo("new", row.centre_mm);
    this.choose(voi);
  }

  /** @param {Vec} place */
  grow(place) {
    this.mark({ how: "grow", ...ruleFields(DEFAULT, "parameter"), reach: REACH_MM, ...fields(place) });
  }

  /** @param {Vec} low @param {Vec} high */
  box(low, high) {
    this.mark({ how: "box", ...ruleFields(DEFAULT, "parameter"), ...twoPoints(low, high) });
  }

  /** @param {Record<string, string>} data */
  mark(data) {
    this.withLesion(() => {
      const step = /** @type {Step} */ ({ to: "mark", id: "", data: { ...data, ...this.bar.lesionFields() } });
      this.bar.picked = "";
      this.steps.take("mark", step);
    });
  }

  /** @param {Vec} first @param {Vec} second */
  split(first, second) {
    const row = this.row;
    if (row) this.withLesion(() => this.change(row, () => ({ words: "split", data: { step: "split", ...twoPoints(first, second), ...this.bar.lesionFields() } })));
  }

  /** A new lesion needs its organ first. @param {() => void} go */
  withLesion(go) {
    const { lesion, organ } = this.bar.lesionFields();
    if (lesion !== "new" || organ) return go();
    this.waiting = () => this.withLesion(go);
    this.bar.ask("organ", "In which organ is the new lesion?");
  }

  /** @param {number} by */
  threshold(by) {
    const row = this.row;
    if (row?.role !== "lesion") return this.bar.say("Choose a lesion that is marked on this scan.", "error");
    this.change(row, (now) => {
      const to = stepped(now.threshold, by);
      return { words: `threshold ${to.number}`, data: { step: "regrow", ...ruleFields(to, "number") } };
    });
  }

  /** @param {string} other */
  merge(other) {
    const seen = this.rows.get(other);
    if (this.row && seen) this.change(this.row, () => ({ words: "merge", data: { step: "merge", other, other_recorded_at: this.now(seen).recorded_at } }));
  }

  /** @param {Row} row @param {Vec} centre */
  moveReference(row, centre) {
    const words = `${row.role.replace("_", " ")} moved`;
    this.change(row, () => ({ words, data: { step: "move", ...fields(centre), radius: String(row.radius_mm) } }));
  }

  /** @param {string} [why] */
  async remove(why = "") {
    const row = this.row;
    if (!row) return this.bar.say("Choose a region of this scan first.", "error");
    const reason = await this.bar.confirmRemoval(row.lesion?.label ?? row.role.replace("_", " "), why || row.default_reason);
    if (reason) this.steps.takeThen(() => ({ words: "taken away", step: { to: "withdraw", id: row.voi, data: { recorded_at: this.now(row).recorded_at, reason, ...(row.lesion && { with_lesion: "on" }) } } }));
  }

  /**
   * A change of somebody else's mark, or of a signed one, needs its reason.
   * @param {Row} row @param {(now: Row) => {words: string, data: Record<string, string>}} make
   */
  change(row, make) {
    if (row.default_reason || this.bar.reason) {
      const reason = row.default_reason ? "" : this.bar.reason;
      return this.steps.takeThen(() => {
        const now = this.now(row);
        const { words, data } = make(now);
        return { words, step: { to: "outline", id: row.voi, data: { ...data, recorded_at: now.recorded_at, ...(reason && { reason }) } } };
      });
    }
    this.waiting = () => this.change(this.rows.get(row.voi) ?? row, make);
    this.bar.ask("reason", "Why is this outline changed?");
  }

  /** @param {Row} seen */
  now(seen) {
    return asLeft(seen, this.rows.get(seen.voi), this.own);
  }

  again() {
    const go = this.waiting;
    this.waiting = null;
    this.bar.find("[data-retry]").hidden = true;
    if (!this.tool) this.bar.form.hidden = true;
    this.toPictures();
    go?.();
  }

  /**
   * Outlines and numbers as the answer gives them; nothing of an older version stays.
   * @param {Step} step @param {Answer} answer @param {number} choices when the step was taken: who has gone on since stays there
   */
  apply(step, answer, choices) {
    this.shown += 1;
    const gone = new Set([answer.voi, answer.other?.voi, answer.absorbed?.voi, step.id].filter(Boolean));
    this.scan.regions = this.scan.regions.filter((region) => !gone.has(region.id));
    if (answer.absorbed) this.rows.delete(answer.absorbed.voi);
    if (answer.state === "withdrawn") this.rows.delete(answer.voi);
    else for (const row of [answer.other, answer]) if (row?.recorded_at) this.adopt(/** @type {Row} */ (row), choices === this.work.choices);
    if (answer.voi) document.dispatchEvent(new CustomEvent("reading:stale", { detail: { lesion: answer.lesion?.pk ?? "" } }));
    this.work.redrawAnew();
    this.show();
    if (step.to === "outline") this.lists.soon();
    else this.lists.fetch();
    this.polls = 0;
    this.poll();
  }

  /** @param {Row} row @param {boolean} isChosen */
  adopt(row, isChosen) {
    this.rows.set(row.voi, row);
    this.own.add(row.recorded_at);
    const { outline, lesion } = row;
    if (outline?.bits) this.scan.regions.push({ ...outline, voxels: unpacked(outline.bits, outline.shape) });
    if (!lesion) return;
    this.work.place(lesion, outline?.point ?? row.centre_mm);
    if (isChosen) this.work.name(lesion.pk);
  }

  /** Until every number is stored. */
  poll() {
    clearTimeout(this.timer);
    const wait = POLL_MS[Math.min(this.polls, POLL_MS.length - 1)];
    this.polls += 1;
    this.timer = setTimeout(() => this.reload().then(() => this.settled()).catch(() => this.poll()), wait);
  }

  settled() {
    return this.isComputing ? this.poll() : this.refresh();
  }

  get isComputing() {
    return [...this.rows.values()].some((row) => row.state === "computing");
  }

  async reload() {
    const shown = this.shown;
    const response = await fetch(this.regionsUrl, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status}`);
    const { regions } = await response.json();
    if (shown !== this.shown) return;
    this.rows = merged(this.rows, regions);
    this.show();
  }

  /** Everything as the server has it now. */
  async refresh() {
    const shown = this.shown;
    await Promise.all([this.reload(), this.work.refresh(() => shown === this.shown)]).catch(() => this.bar.say("What is shown may be out of date: the server does not answer.", "error"));
    this.lists.fetch();
    this.show();
    if (this.isComputing) this.poll();
  }
}
