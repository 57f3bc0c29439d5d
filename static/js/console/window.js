// Which window this is: one person may have the console open twice, and only one of the two moves the screen.

const KEY = "prrt.console.window";

export function windowId() {
  const fresh = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  try {
    const known = sessionStorage.getItem(KEY) ?? fresh;
    sessionStorage.setItem(KEY, known);
    return known;
  } catch {
    return fresh;
  }
}
