// A sheet that hangs from the bar closes on Escape and on a press outside, as menus do.

/** @param {HTMLDetailsElement} details @returns {{close: () => void}} */
export function sheetOf(details) {
  function close() {
    const hadFocus = details.contains(document.activeElement);
    details.open = false;
    if (hadFocus) details.querySelector("summary").focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.preventDefault();
    close();
  }, { capture: true });
  document.addEventListener("pointerdown", (event) => {
    if (details.open && !details.contains(/** @type {Node} */ (event.target))) details.open = false;
  });
  return { close };
}
