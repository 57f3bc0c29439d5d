// What a key means while grading, and where two scores disagree. Pure: no document, no clock.

const GROUPS = { 1: ["1A", "1B"], 2: ["2"], 3: ["3A", "3B", "3C", "3D"], 4: ["4"], 5: ["5"] };
const LEADER_MS = 1500;

/**
 * S is followed by a category; Y takes the computed score over; the digits 0 to 4 alone are Krenning scores.
 * @param {string} key @param {number} leader when S was pressed, 0 if not @param {number} now
 * @returns {{ leader: number, score?: string, rads?: string, isAsComputed?: boolean } | null} null: the key is not one of grading's
 */
export function meaning(key, leader, now) {
  const isLed = leader > 0 && now - leader < LEADER_MS;
  if (isLed && key in GROUPS) return { leader: 0, rads: key };
  if (key === "s" || key === "S") return { leader: now };
  if (key === "y" || key === "Y") return { leader: 0, isAsComputed: true };
  if (/^[0-4]$/.test(key)) return { leader: 0, score: `${key}-${key}` };
  return null;
}

/**
 * The next category of a group: 3A, pressed again 3B, and round to 3A.
 * @param {string} digit @param {string} current
 */
export function nextRads(digit, current) {
  const group = /** @type {Record<string, string[]>} */ (GROUPS)[digit] ?? [];
  return group[(group.indexOf(current) + 1) % group.length];
}

/**
 * Whether no score satisfies both; an empty or unstated one contradicts nothing.
 * @param {string} score "3-3", "0-1", "none" or "" @param {string | undefined} low @param {string | undefined} high
 */
export function differs(score, low, high) {
  const ends = /^([0-4])-([0-4])$/.exec(score);
  if (!ends || low === undefined || high === undefined) return false;
  return Number(ends[2]) < Number(low) || Number(ends[1]) > Number(high);
}
