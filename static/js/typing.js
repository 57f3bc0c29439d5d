// Whether single letters act now: not while a person types, and not where they were turned off.

const OFF = "prrt.keys.off";
const TYPED = 'input:not([type="radio"], [type="checkbox"], [type="range"], [type="button"], [type="submit"]), select, textarea';

/** @param {HTMLElement} element */
export const isTyping = (element) => element.isContentEditable || element.matches(TYPED);

export function isOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

/** @param {boolean} isOn */
export function turn(isOn) {
  try {
    localStorage.setItem(OFF, isOn ? "0" : "1");
  } catch {
    // nothing to remember it in
  }
}
