// The regions of this scan as the server has them, and thresholds to step through. Pure.

import { minus, times, toMm, voxelAt, offsetOf } from "./geometry.js";
import { suvOf } from "./colour.js";

/** @typedef {import("./types.d.ts").Row} Row */
/** @typedef {import("./types.d.ts").Vec} Vec */

export const DEFAULT = { rule: "percent", number: 45 };
const LADDER = [41, 45, 50];
const [LEAST, MOST, BY] = [6, 95, 5];
const SUV_BY = 0.5;
export const XYZ = ["x", "y", "z"];
const XYZ2 = ["x2", "y2", "z2"];

/** The next threshold up or down: 41, 45, 50 % and on by 5; a fixed SUV by 0.5. @param {{rule: string, number: number | null} | null} from @param {number} by */
export function stepped(from, by) {
  if (from?.rule === "suv" && from.number) return { rule: "suv", number: Math.max(SUV_BY, from.number + by * SUV_BY) };
  if (from?.rule !== "percent" || !from.number) return DEFAULT;
  const here = from.number;
  const rungs = [...range(LEAST, LADDER[0] - 1), ...LADDER, ...range(LADDER[2] + BY, MOST)];
  const next = by > 0 ? rungs.find((rung) => rung > here) : rungs.findLast((rung) => rung < here);
  return { rule: "percent", number: next ?? here };
}

/** @param {number} from @param {number} to */
function range(from, to) {
  const found = [];
  for (let at = from; at <= to; at += BY) found.push(at);
  return found;
}

/**
 * A fresh list over the one before. Numbers that were given with a step stay until the stored ones come, as long as
 * they are of the very same outline; of another outline nothing stays.
 * @param {Map<string, Row>} before @param {Row[]} listed
 */
export function merged(before, listed) {
  const hasSameLiver = liverOf(before.values()) === liverOf(listed);
  return new Map(listed.map((row) => [row.voi, row.numbers ? row : kept(row, before.get(row.voi), hasSameLiver)]));
}

/** @param {Row} row @param {Row | undefined} known @param {boolean} hasSameLiver @returns {Row} */
function kept(row, known, hasSameLiver) {
  const isSame = known?.recorded_at === row.recorded_at && known.numbers && row.state === "computing";
  if (!known || !isSame) return row;
  return { ...row, numbers: known.numbers, ratio: hasSameLiver ? known.ratio : null };
}

/** @param {Iterable<Row>} rows */
function liverOf(rows) {
  return [...rows].filter((row) => row.role === "liver").map((row) => `${row.voi} ${row.recorded_at}`).join();
}

/** A region as own steps have left it since it was seen; what somebody else made of it was not seen.
 * @param {Row} seen @param {Row | undefined} row @param {Set<string>} own versions that own steps made */
export const asLeft = (seen, row, own) => (row && own.has(row.recorded_at) ? row : seen);

/** The regions of one lesion or the one that was pointed at. @param {Map<string, Row>} rows @param {{lesion: string, region: string}} chosen */
export function chosenRow(rows, { lesion, region }) {
  if (region) return rows.get(region) ?? null;
  return [...rows.values()].find((row) => lesion && row.lesion?.pk === lesion) ?? null;
}

/** One line for a person, with its unit and whether it is stored yet. @param {Row | null} row @param {string} unitWords */
export function numbersLine(row, unitWords) {
  if (!row) return "";
  const name = row.lesion ? `${row.lesion.label} ${row.lesion.organ}` : row.role.replace("_", " ");
  const said = row.numbers;
  if (!said) return `${name}: ${row.sentence || (row.state === "computing" ? "being measured …" : "no number of this outline")}`;
  const unit = unitWords.split(" ").slice(1).join(" ");
  const parts = [
    `SUVmax ${said.suv_max.toFixed(2)}, mean ${said.suv_mean.toFixed(2)}${said.suv_peak_local === null ? "" : `, peak ${said.suv_peak_local.toFixed(2)}`} ${unit}`,
    `${said.volume_ml.toFixed(2)} mL`,
    ...(row.ratio ? [`${row.ratio.to_liver.toFixed(2)} × liver`] : []),
    ...(said.provisional ? ["provisional, being stored"] : []),
    ...(said.is_suv_provisional ? ["provisional SUV"] : []),
    ...(said.warnings ?? []).slice(0, 1),
  ];
  return `${name}: ${parts.join("; ")}`;
}

/** @param {Vec} p @param {string[]} [names] @returns {Record<string, string>} */
export const fields = (p, names = XYZ) => Object.fromEntries(names.map((name, n) => [name, p[n].toFixed(3)]));

/** @param {{rule: string, number: number | null}} threshold @param {string} name @returns {Record<string, string>} */
export const ruleFields = ({ rule, number }, name) => ({ rule, [name]: String(number ?? "") });

/** @param {Vec} from @param {Vec} to */
export const twoPoints = (from, to) => ({ ...fields(from), ...fields(to, XYZ2) });

/** Corners of a box: a rectangle of a slice, as deep as its longer side, the slice in the middle. @param {Vec} a @param {Vec} b @param {0 | 1 | 2} through @returns {[Vec, Vec]} */
export function boxOf(a, b, through) {
  const deep = Math.max(...minus(b, a).map(Math.abs)) / 2;
  const [low, high] = [/** @type {Vec} */ ([...a]), /** @type {Vec} */ ([...b])];
  [low[through], high[through]] = [a[through] - deep, a[through] + deep];
  return [low, high];
}

/** Mean SUV of the voxels whose middle is in a sphere, as a preview while it is moved. @param {import("./types.d.ts").Volume} volume @param {{suv_max: number, levels: number}} coding @param {Vec} centre @param {number} radius */
export function meanWithin(volume, coding, centre, radius) {
  const here = voxelAt(volume, centre);
  if (!here) return null;
  const size = [0, 1, 2].map((n) => Math.hypot(volume.affine[0][n], volume.affine[1][n], volume.affine[2][n]));
  const [rx, ry, rz] = size.map((mm) => Math.ceil(radius / mm) + 1);
  let [sum, count] = [0, 0];
  for (let z = here[2] - rz; z <= here[2] + rz; z += 1) {
    for (let y = here[1] - ry; y <= here[1] + ry; y += 1) {
      for (let x = here[0] - rx; x <= here[0] + rx; x += 1) {
        const p = toMm(volume, [x, y, z]);
        if (Math.hypot(...minus(p, centre)) > radius || !voxelAt(volume, p)) continue;
        sum += suvOf(volume.codes[offsetOf(volume.shape, [x, y, z])], coding);
        count += 1;
      }
    }
  }
  return count ? sum / count : null;
}

/** One voxel further in a picture. @param {{right: Vec, down: Vec}} plane @param {string} key @param {number} mm @returns {Vec | null} */
export function arrowStep({ right, down }, key, mm) {
  const ways = { ArrowLeft: times(right, -mm), ArrowRight: times(right, mm), ArrowUp: times(down, -mm), ArrowDown: times(down, mm) };
  return /** @type {Record<string, Vec>} */ (ways)[key] ?? null;
}

