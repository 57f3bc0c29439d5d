// Words that could not be sent, kept on this computer: of one person, about one case, until submitted or signed out.
const LONGEST_MS = 12 * 3600 * 1000;
const START = "prrt.entry.";

/** @typedef {{version: string, base: Record<string, string>, content: Record<string, string>, at: number}} Kept */

const place = (/** @type {string} */ user, /** @type {string} */ about) => `${START}${user}.${about}`;

/** @param {string} user @param {string} about @param {Omit<Kept, "at">} words */
export function keep(user, about, words, now = Date.now()) {
  try {
    localStorage.setItem(place(user, about), JSON.stringify({ ...words, at: now }));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} user @param {string} about */
export function forget(user, about) {
  try {
    localStorage.removeItem(place(user, about));
  } catch {
    // nothing was kept
  }
}

/** @param {string} user @param {string} about @returns {Kept | null} */
export function kept(user, about, now = Date.now()) {
  try {
    return young(localStorage.getItem(place(user, about)), now);
  } catch {
    return null;
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
