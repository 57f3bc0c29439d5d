// What the signature will cover, as this page has shown it: entries and numbers, each renewed only where it was seen.

/** After saving: the entries of the answer, the numbers that stand here. @param {string} seen @param {string} answered */
export function withEntries(seen, answered) {
  return [answered.split("-")[0], seen.split("-")[1]].join("-");
}

/** After numbers were taken over: what others entered meanwhile is still unseen. @param {string} seen @param {string} fresh */
export function withNumbers(seen, fresh) {
  return [seen.split("-")[0], fresh.split("-")[1]].join("-");
}
