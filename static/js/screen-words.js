// Words of the screen: how long a case has been shown, and when silence is said.

export const SILENT_MS = 4000; // with the half second between two looks it is said within five

/** Whole minutes, as text: nothing on the screen moves by itself. @param {number} seconds @param {number} planned minutes */
export function clockWords(seconds, planned) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return "under 1 min";
  return planned && minutes > planned ? `${minutes} of ${planned} min` : `${minutes} min`;
}
