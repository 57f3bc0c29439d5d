// Two people's words of one decision against what both had before them. Values are texts, numbers, null, or lists.

const same = (one, other) => JSON.stringify(one ?? "") === JSON.stringify(other ?? "");

/** @param {Record<string, unknown>} one @param {Record<string, unknown>} other */
export const differing = (one, other) => Object.keys(one).filter((name) => !same(one[name], other[name]));

/** @param {Record<string, unknown>} one @param {Record<string, unknown>} other */
export const sameWords = (one, other) => differing(one, other).length === 0;

/**
 * Theirs where only they wrote, mine where only I did. `both`: where both wrote, and not the same; mine stands there.
 * @param {Record<string, unknown>} base @param {Record<string, unknown>} theirs @param {Record<string, unknown>} mine
 */
export function merged(base, theirs, mine) {
  const content = { ...mine };
  const both = [];
  for (const name of differing(mine, theirs)) {
    if (same(mine[name], base[name])) content[name] = theirs[name];
    else if (!same(theirs[name], base[name])) both.push(name);
  }
  return { content, both };
}
