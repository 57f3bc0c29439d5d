// What takes a step back, and what takes it again. Pure: steps in, requests out; sending is another module's.

/** @typedef {import("./types.d.ts").Step} Step */
/** @typedef {import("./types.d.ts").Answer} Answer */
/** @typedef {{words: string, steps: Step[]}} Entry */
/** @typedef {{back: Entry[], again: Entry[]}} History */

export const MOST = 50;
const WHY = "undone while reading";

/** @type {History} */
export const EMPTY = { back: [], again: [] };

/** The steps that undo one, in order; null: it cannot be undone here. @param {Step} step @param {Answer} answer @returns {Step[] | null} */
export function inverseOf(step, answer) {
  const back = (/** @type {string | null | undefined} */ version, id = answer.voi, /** @type {string | null | undefined} */ recorded_at = answer.recorded_at) =>
    /** @type {Step} */ ({ to: "restore", id, data: { version: version ?? "", recorded_at: recorded_at ?? "", reason: WHY } });
  /** With the region that the decision drew, where it drew one. */
  const open = (/** @type {"reopen" | "unmatch"} */ to) =>
    /** @type {Step} */ ({ to, id: step.id, data: { reason: WHY, ...(answer.voi && { region: answer.voi, recorded_at: answer.recorded_at ?? "" }) }, again: step });
  const withLesion = step.data.lesion === "new" || step.data.with_lesion ? { with_lesion: "on" } : {};
  const away = (/** @type {{voi: string, recorded_at: string}} */ row) =>
    /** @type {Step} */ ({ to: "withdraw", id: row.voi, data: { recorded_at: row.recorded_at, reason: WHY, ...withLesion } });
  switch (step.to) {
    case "mark":
      return [away(/** @type {any} */ (answer))];
    case "withdraw": {
      const whole = back(answer.before, answer.voi, answer.before);
      return [answer.is_lesion_gone ? { ...whole, data: { ...whole.data, with_lesion: "on" } } : whole];
    }
    case "outline":
      return [
        back(answer.before),
        ...(answer.other ? [away(answer.other)] : []),
        ...(answer.absorbed ? [back(answer.absorbed.before, answer.absorbed.voi, answer.absorbed.before)] : []),
      ];
    case "restore":
      return answer.voi === step.id ? [back(answer.before)] : [away(/** @type {any} */ (answer))];
    case "reject":
    case "accept":
      return [open("reopen")];
    case "match":
      return [open("unmatch")];
    case "reopen":
    case "unmatch": {
      const { region: voi, recorded_at } = step.data;
      return step.again ? [voi ? { ...step.again, stands: { voi, recorded_at } } : step.again] : null;
    }
    default:
      return null;
  }
}

/** After a step that was taken anew: nothing that was undone can be taken again. @param {History} history @param {Entry} entry @returns {History} */
export const noted = (history, entry) => ({ back: [...history.back, entry].slice(-MOST), again: [] });

/** The entry is out of one list and, turned round, in the other. @param {History} history @param {"back" | "again"} from @param {Entry | null} turned @returns {History} */
export function moved(history, from, turned) {
  const to = from === "back" ? "again" : "back";
  const rest = { ...history, [from]: history[from].slice(0, -1) };
  return turned ? { ...rest, [to]: [...rest[to], turned].slice(-MOST) } : rest;
}

/** The region, and the version of it, that stand again in the answer. @param {Step} step @param {Answer} answer @returns {(string | undefined)[]} */
function replaced(step, answer) {
  if (step.to === "restore") return [step.id, step.data.version];
  if (step.stands) return [step.stands.voi, step.stands.recorded_at];
  return answer.restored && step.again ? [answer.voi, answer.restored] : [];
}

/**
 * A version brought back has a new moment, and a region brought back a new name: what waits to be undone has to
 * name them as they are now, or it would be refused as out of date.
 * @param {History} history @param {Step} step @param {Answer} answer @returns {History}
 */
export function renamed(history, step, answer) {
  const [was, version] = replaced(step, answer);
  if (!was) return history;
  const now = answer;
  const fix = (/** @type {Step} */ one) => {
    const data = { ...one.data };
    if (one.id === was && data.recorded_at === version) data.recorded_at = now.recorded_at ?? "";
    if (data.region === was && data.recorded_at === version) data.recorded_at = now.recorded_at ?? "";
    if (data.region === was) data.region = now.voi;
    if (data.other === was && data.other_recorded_at === version) data.other_recorded_at = now.recorded_at ?? "";
    if (data.other === was) data.other = now.voi;
    return { ...one, id: one.id === was ? now.voi : one.id, data };
  };
  const all = (/** @type {Entry[]} */ entries) => entries.map((entry) => ({ ...entry, steps: entry.steps.map(fix) }));
  return { back: all(history.back), again: all(history.again) };
}
