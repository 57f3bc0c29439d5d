// Where the names of marks stand on a projection. Pure. A name that finds no room is never just gone.

const LABEL = { width: 26, height: 13 };
const BESIDE = [[10, -8], [10, 18], [-34, -8], [-34, 18]];
const EDGE = 4;
const WORDS = 30; // at the top and at the bottom, where the picture says what it is

/** @template M @typedef {{mark: M, x: number, y: number, isAway: boolean}} Name where its text begins */

/**
 * Names of the marks in the picture. The first keep their place beside the mark; one that finds none free goes to the
 * margin, ``isAway`` from its mark, and what has no room there either is counted in ``left``.
 * @template {{x: number, y: number}} M @param {M[]} marks @param {number} width @param {number} height
 * @returns {{names: Name<M>[], left: number}}
 */
export function named(marks, width, height) {
  const names = /** @type {Name<M>[]} */ ([]);
  const seen = marks.filter(({ x, y }) => x >= 0 && x <= width && y >= 0 && y <= height);
  const isFree = (/** @type {{x: number, y: number}} */ { x, y }) =>
    names.every((other) => Math.abs(other.x - x) >= LABEL.width || Math.abs(other.y - y) >= LABEL.height);
  const isInside = (/** @type {{x: number, y: number}} */ { x, y }) => x >= 0 && x + LABEL.width <= width && y >= LABEL.height && y <= height;
  const crowded = seen.filter((mark) => {
    const spots = BESIDE.map(([across, down]) => ({ mark, x: mark.x + across, y: mark.y + down, isAway: false }));
    const spot = spots.find((one) => isInside(one) && isFree(one));
    if (spot) names.push(spot);
    return !spot;
  });
  let left = 0;
  for (const mark of crowded) {
    const spot = margins(width, height).map((place) => ({ mark, ...place, isAway: true })).filter(isFree).sort(nearest)[0];
    if (spot) names.push(spot);
    else left += 1;
  }
  return { names, left };
}

/** Rows of both margins; the middle one is kept for the letters of the sides. @param {number} width @param {number} height */
function margins(width, height) {
  const rows = [];
  for (let y = WORDS + LABEL.height; y <= height - WORDS; y += LABEL.height) {
    if (Math.abs(y - height / 2) >= 1.5 * LABEL.height) rows.push({ x: EDGE, y }, { x: width - EDGE - LABEL.width, y });
  }
  return rows;
}

/** @param {Name<{x: number, y: number}>} one @param {Name<{x: number, y: number}>} other */
const nearest = (one, other) => away(one) - away(other);
/** @param {Name<{x: number, y: number}>} name */
const away = ({ mark, x, y }) => Math.hypot(mark.x - x, mark.y - y);

/** From which end of a name at the margin the line to its mark starts. @param {Name<{x: number, y: number}>} name @returns {[number, number]} */
export const leaderOf = ({ mark, x, y }) => [mark.x > x ? x + LABEL.width - 2 : x - 2, y - 4];

/** @param {number} count */
export const leftWords = (count) => (count ? `+${count} ${count === 1 ? "label" : "labels"}` : "");
