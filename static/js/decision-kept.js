// Words of a decision that could not be saved, kept on this computer: of one person, about one case, for twelve hours.
const LONGEST_MS = 12 * 3600 * 1000;
const START = "prrt.draft.";

/** @typedef {{version: number, base: Record<string, unknown>, content: Record<string, unknown>, at: number}} Kept */

const place = (user, item) => `${START}${user}.${item}`;

/** @param {string} user @param {string} item @param {Omit<Kept, "at">} words */
export function keep(user, item, words, now = Date.now()) {
  try {
    localStorage.setItem(place(user, item), JSON.stringify({ ...words, at: now }));
  } catch {
    // the text stands in the form; only a reload would lose it
  }
}

export function forget(user, item) {
  try {
    localStorage.removeItem(place(user, item));
  } catch {
    // nothing was kept
  }
}

/** Of this person and not too old, else null. @returns {Kept | null} */
export function kept(user, item, now = Date.now()) {
  try {
    return young(localStorage.getItem(place(user, item)), now);
  } catch {
    return null;
  }
}

/** Nobody's words stay on a shared computer for longer than their time. */
export function sweep(now = Date.now()) {
  try {
    const ours = Object.keys(localStorage).filter((name) => name.startsWith(START));
    for (const name of ours) if (!young(localStorage.getItem(name), now)) localStorage.removeItem(name);
  } catch {
    // nothing is kept here
  }
}

function young(text, now) {
  try {
    const found = JSON.parse(text ?? "null");
    return found && now - found.at < LONGEST_MS ? found : null;
  } catch {
    return null;
  }
}
