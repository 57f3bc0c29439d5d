// A day given by hand and an interval would contradict each other: the one touched last stands.
const OTHER = { due_date: "interval_days", interval_days: "due_date" };

/** @param {Event} event a change in a form that asks for both */
export function onlyOne({ target }) {
  const other = target instanceof HTMLElement ? target.closest("form")?.elements.namedItem(OTHER[target.getAttribute("name")] ?? "") : null;
  if (other && target.value) other.value = "";
}

document.addEventListener("change", onlyOne);
