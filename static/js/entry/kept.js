// Words that could not be sent, kept on this computer: of one person, about one case, until submitted or signed out.
const LONGEST_MS = 12 * 3600 * 1000;
const START = "prrt.entry.";

/** @typedef {{version: string, base: Record<string, string>, content: Record<string, string>, at: number}} Kept */

const place = (/** @type {string} */ user, /** @type {string} */ about) => `${START}${user}.${about}`;

/**
 * Where one opened page keeps its words: another page of the same case never writes over them.
 * @param {string} user @param {string} about
 */
export const ownPlace = (user, about, now = Date.now()) => `${place(user, about)}.${now}`;

/** @param {string} name @param {Omit<Kept, "at">} words */
export function keep(name, words, now = Date.now()) {
  try {
    localStorage.setItem(name, JSON.stringify({ ...words, at: now }));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name */
export function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    // nothing was kept
  }
}

/**
 * Of every page that could not send them, the oldest first.
 * @param {string} user @param {string} about @returns {(Kept & {name: string})[]}
 */
export function kept(user, about, now = Date.now()) {
  try {
    const names = Object.keys(localStorage).filter((name) => name === place(user, about) || name.startsWith(`${place(user, about)}.`));
    return names.map((name) => ({ ...young(localStorage.getItem(name), now), name })).filter((one) => one.content).sort((one, other) => one.at - other.at);
  } catch {
    return [];
  }
}

/** What is too old goes, and whatever another person left on this computer. @param {string} user */
export function sweep(user, now = Date.now()) {
  try {
    for (const name of Object.keys(localStorage)) {
      const isOurs = name.startsWith(START);
      if (isOurs && !(name.startsWith(place(user, "")) && young(localStorage.getItem(name), now))) localStorage.removeItem(name);
    }
  } catch {
    // nothing is kept here
  }
}

/** @param {string | null} text @param {number} now @returns {Kept | null} */
function young(text, now) {
  try {
    const found = JSON.parse(text ?? "null");
    return found && now - found.at < LONGEST_MS ? found : null;
  } catch {
    return null;
  }
}
