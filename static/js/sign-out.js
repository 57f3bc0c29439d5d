// Whoever signs out leaves none of their words on this computer. A session that ran out is another thing: there they wait.
// @ts-check
const OURS = ["prrt.draft.", "prrt.outbox.", "prrt.refused.", "prrt.entry."];

/** Everything that was kept because it could not be sent. The choice of theme stays: it is nobody's. */
export function forgetWords(store = localStorage) {
  try {
    for (const name of Object.keys(store)) if (OURS.some((start) => name.startsWith(start))) store.removeItem(name);
  } catch {
    // nothing is kept here
  }
}

if (typeof document !== "undefined") {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form instanceof HTMLFormElement && new URL(form.action).pathname.endsWith("/logout/")) {
      forgetWords();
      sessionStorage.clear();
    }
  });
}
