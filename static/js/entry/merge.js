// What two people typed against what both had before them, field by field. A field that is not there is empty.

/** @typedef {Record<string, string>} Words */

const at = (/** @type {Words} */ words, /** @type {string} */ name) => words[name] ?? "";

/** @param {Words} one @param {Words} other */
export const differing = (one, other) =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => at(one, name) !== at(other, name));

/** Only what was changed, as it has to be sent. @param {Words} base @param {Words} mine */
export const changes = (base, mine) => Object.fromEntries(differing(mine, base).map((name) => [name, at(mine, name)]));

/**
 * `take`: where only they wrote. `both`: where both wrote, and not the same.
 * @param {Words} base @param {Words} theirs @param {Words} mine
 */
export function compared(base, theirs, mine) {
  /** @type {Words} */
  const take = {};
  /** @type {string[]} */
  const both = [];
  for (const name of differing(mine, theirs)) {
    if (at(mine, name) === at(base, name)) take[name] = at(theirs, name);
    else if (at(theirs, name) !== at(base, name)) both.push(name);
  }
  return { take, both };
}
