// What the chair asked of the screen while the network was away, in a form that may be sent again: never "next", always
// a case by name, never "the other way", always on or off. Of each kind only the last one counts.

/** @typedef {{action: string, value: string}} Command */

const PICTURE = new Set(["show", "view", "lesion", "test"]);

/** @param {Command[]} waiting @param {Command} added @returns {Command[]} */
export function queued(waiting, added) {
  const isReplaced = (one) => added.action === "show"
    ? PICTURE.has(one.action) || one.action === "sentence"
    : one.action === added.action || (PICTURE.has(added.action) && PICTURE.has(one.action) && one.action !== "show");
  return [...waiting.filter((one) => !isReplaced(one)), added];
}

/** Whether a second arrival would do no harm. @param {Command} command */
export const isRepeatable = ({ action, value }) => {
  if (action === "lesion") return /^\d+$/.test(value);
  if (action === "blank" || action === "sentence") return value === "on" || value === "off";
  if (action === "theme" || action === "text") return !["", "+", "-"].includes(value);
  return action !== "next" && action !== "previous";
};

/** The case before or after the one on the screen that was not put off. @param {string[]} showable @param {string|null} shown */
export function neighbour(showable, shown, step) {
  const here = showable.indexOf(shown ?? "");
  if (here < 0) return step > 0 ? showable[0] ?? null : null;
  return showable[here + step] ?? null;
}

const SIZES = [100, 110, 120];

/** A press as a command that can be repeated, in the light of what the screen shows now. */
export function absolute(action, value, state) {
  if (action === "blank") return { action, value: state.is_blank ? "off" : "on" };
  if (action === "sentence") return { action, value: state.shows_sentence ? "off" : "on" };
  const first = state.displays[0];
  if (action === "theme" && first) return { action, value: first.theme === "dark" ? "light" : "dark" };
  if (action === "text" && first) return { action, value: String(nextSize(first.text, value)) };
  return { action, value };
}

function nextSize(now, sign) {
  const larger = SIZES.find((size) => size > now) ?? SIZES.at(-1);
  const smaller = SIZES.findLast((size) => size < now) ?? SIZES[0];
  return sign === "+" ? larger : smaller;
}
