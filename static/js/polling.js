// When to ask again: often while something moves, ever more rarely while nothing does or the server is away.
export const FAST_MS = 1500;
export const IDLE_MS = 20000;
export const LOST_MS = 30000;

export function nextDelay(delay, { isQuiet, isChanged, isLost }) {
  if (isLost) return Math.min(LOST_MS, Math.max(FAST_MS, delay * 2));
  if (isChanged && !isQuiet) return FAST_MS;
  return Math.min(isQuiet ? IDLE_MS : 3 * FAST_MS, Math.max(FAST_MS, delay * 1.5));
}

// What has to be drawn anew: the rows of known jobs, or the page itself where its list is no longer that of the server.
export function planOf(state, shownRevision) {
  return { rows: state.jobs, mustReload: state.revision !== shownRevision };
}

export function summaryOf(jobs) {
  const count = (state) => jobs.filter((job) => job.state === state).length;
  const words = [[count("running"), "running"], [count("queued"), "waiting"]];
  return words.filter(([n]) => n).map(([n, word]) => `${n} ${word}`).join(", ");
}
