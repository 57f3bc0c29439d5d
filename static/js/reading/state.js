// What both scans show: cross-hair, zoom, window, link, chosen lesion. Pure: every change returns a new state.

import { inverseMatrix, middleOf, minus, moved, plus } from "./geometry.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Role} Role */
/** @typedef {import("./types.d.ts").Vec} Vec */
/** @typedef {import("./types.d.ts").Window} Window */
/** @typedef {import("./types.d.ts").LesionAbout} LesionAbout */
/** @typedef {{sentence: string, toNew: (p: Vec) => Vec, toOld: (p: Vec) => Vec}} Link */

export const FIXED = /** @type {Window} */ ([0, 15]);
export const MOST_ZOOM = 12;
const NAMES = { old: "the earlier scan", new: "this scan" };

/** How a place is found on the other scan: by the stored registration, else by the shift between both fields of view.
 * @param {import("./types.d.ts").PairAbout} pair @returns {Link} */
export function linkOf({ link, scans }) {
  const view = (/** @type {Role} */ role) => scans.find((scan) => scan.role === role)?.view;
  const [before, after] = [view("old"), view("new")];
  if (link.matrix) {
    const [there, back] = [link.matrix, inverseMatrix(link.matrix)];
    return { sentence: link.sentence, toNew: (p) => moved(there, p), toOld: (p) => moved(back, p) };
  }
  const shift = /** @type {Vec} */ (
    before && after ? [after.x_mm - before.x_mm, after.y_mm - before.y_mm, after.top_mm - before.top_mm] : [0, 0, 0]
  );
  return { sentence: link.sentence, toNew: (p) => plus(p, shift), toOld: (p) => minus(p, shift) };
}

/** @param {import("./types.d.ts").ScanAbout[]} scans @returns {State} */
export function start(scans) {
  const middle = (/** @type {Role} */ role) => {
    const view = (scans.find((scan) => scan.role === role && scan.view) ?? scans.find((scan) => scan.view))?.view;
    return view ? middleOf(view) : /** @type {Vec} */ ([0, 0, 0]);
  };
  const bounds = (/** @type {Role} */ role) => {
    const view = scans.find((scan) => scan.role === role)?.view;
    if (!view) return { low: /** @type {Vec} */ ([-1e4, -1e4, -1e4]), high: /** @type {Vec} */ ([1e4, 1e4, 1e4]) };
    const [x, y] = [view.width_mm / 2, view.depth_mm / 2];
    return {
      low: /** @type {Vec} */ ([view.x_mm - x, view.y_mm - y, view.bottom_mm]),
      high: /** @type {Vec} */ ([view.x_mm + x, view.y_mm + y, view.top_mm]),
    };
  };
  return {
    points: { old: middle("old"), new: middle("new") },
    centres: { old: middle("old"), new: middle("new") },
    bounds: { old: bounds("old"), new: bounds("new") },
    lesion: "", region: "", anchor: "", note: "",
    zoom: 1, frame: 0, windows: { old: FIXED, new: FIXED },
    isLocked: true, isLinked: true, isSmooth: true, hasOutlines: true,
    mode: "fused", palette: "even_heat", mix: 0.8, layout: "pair",
  };
}

/** @param {Role} role @returns {Role} */
export const other = (role) => (role === "old" ? "new" : "old");

/** @param {State} state @param {Role} role @param {Vec} p @returns {Vec} */
function held(state, role, p) {
  const { low, high } = state.bounds[role];
  const at = (/** @type {0 | 1 | 2} */ n) => Math.min(Math.max(p[n], low[n]), high[n]);
  return [at(0), at(1), at(2)];
}

/** To a place of one scan; the other goes where the link puts it.
 * @param {State} state @param {Role} role @param {Vec} p @param {Link} link @returns {State} */
export function moveTo(state, role, p, link) {
  const points = { ...state.points, [role]: held(state, role, p) };
  if (!state.isLinked) return { ...state, points };
  const there = role === "old" ? link.toNew(points[role]) : link.toOld(points[role]);
  return { ...state, points: { ...points, [other(role)]: held(state, other(role), there) }, anchor: "", note: "" };
}

/** A step: linked scans go the same mm from where each stands, so that a chosen lesion stays in both pictures.
 * @param {State} state @param {Role} role @param {Vec} by @returns {State} */
export function step(state, role, by) {
  const points = { ...state.points, [role]: held(state, role, plus(state.points[role], by)) };
  if (!state.isLinked) return { ...state, points };
  const rest = other(role);
  return { ...state, points: { ...points, [rest]: held(state, rest, plus(state.points[rest], by)) } };
}

/** Each scan to its own place of the lesion; where it has none, to where the link puts it.
 * @param {State} state @param {LesionAbout} lesion @param {Link} link @returns {State} */
export function choose(state, lesion, link) {
  const { old: before, new: after } = lesion.points;
  if (!before && !after) return { ...state, lesion: lesion.id, region: "", note: `${lesion.label} has no known place on either scan.` };
  const points = {
    old: before?.lps ?? link.toOld(/** @type {Vec} */ (after?.lps)),
    new: after?.lps ?? link.toNew(/** @type {Vec} */ (before?.lps)),
  };
  const chosen = { ...state, points, lesion: lesion.id, region: "", anchor: lesion.label, note: guessed(lesion) };
  return { ...chosen, centres: points };
}

/** @param {LesionAbout} lesion */
function guessed(lesion) {
  const unsure = /** @type {Role[]} */ (["old", "new"]).filter((role) => {
    const how = lesion.points[role]?.how;
    return !how || how === "registered" || how === "proposed";
  });
  if (!unsure.length) return "";
  const ways = unsure.map((role) => `on ${NAMES[role]} at ${lesion.points[role]?.how === "proposed" ? "a proposed focus" : "the linked place"}`);
  return `${lesion.label} is not marked everywhere: shown ${ways.join(" and ")}.`;
}

/** A focus or reference of one scan. @param {State} state @param {Role} role @param {import("./types.d.ts").RegionAbout} region @param {Link} link @returns {State} */
export function chooseRegion(state, role, region, link) {
  const there = moveTo(state, role, region.point, link);
  const chosen = { ...there, region: region.id, lesion: "" };
  return { ...chosen, centres: chosen.points };
}

/** @param {State} state @param {number} by @returns {State} */
export function zoomed(state, by) {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, state.zoom * by));
  return zoom === 1 ? fitted(state) : { ...state, zoom, centres: state.zoom === 1 ? state.points : state.centres };
}

/** The cross-hairs in the middle of their pictures. @param {State} state @returns {State} */
export const centred = (state) => ({ ...state, centres: state.points });

/** @param {State} state @returns {State} */
export const fitted = (state) => ({ ...state, zoom: 1 });

/** Moves the picture under the cross-hair, of both scans alike. @param {State} state @param {Vec} by @returns {State} */
export function panned(state, by) {
  return { ...state, centres: { old: plus(state.centres.old, by), new: plus(state.centres.new, by) } };
}

/** Locking puts the fixed window back on both. @param {State} state @param {boolean} isLocked @returns {State} */
export const locked = (state, isLocked) => ({ ...state, isLocked, windows: isLocked ? { old: FIXED, new: FIXED } : state.windows });

/** The upper limit of one scan; refused while locked or out of reason. @param {State} state @param {Role} role @param {number} high @returns {State} */
export function windowed(state, role, high) {
  if (state.isLocked || !(high >= 1 && high <= 60)) return state;
  return { ...state, windows: { ...state.windows, [role]: [0, high] } };
}

/** @param {State} state */
export function windowWarning({ isLocked, windows }) {
  if (isLocked) return "";
  const [before, after] = [windows.old[1], windows.new[1]];
  if (before !== after) return "Windows differ: do not compare by eye.";
  return `Window unlocked: SUV 0 to ${after} in both scans now.`;
}

/** @param {State} state @param {Link} link @param {boolean} isPair */
export function linkWords(state, link, isPair) {
  if (!isPair) return state.note;
  if (!state.isLinked) return "Not linked: each scan moves by itself.";
  if (state.anchor) return state.note || `Linked at ${state.anchor}: both move by the same mm.`;
  return `Linked. ${link.sentence}`;
}

/** @template T @param {T} first */
export function storeOf(first) {
  let now = first;
  /** @type {((now: T, before: T) => void)[]} */
  const told = [];
  return {
    get: () => now,
    /** @param {T} next */
    set(next) {
      const before = now;
      now = next;
      if (next !== before) for (const tell of told) tell(next, before);
    },
    /** @param {(now: T, before: T) => void} tell */
    subscribe: (tell) => void told.push(tell),
  };
}
