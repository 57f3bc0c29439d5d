// A form whose answer is awaited: what is typed meanwhile would not be in what was sent.

const CLOSED = "select, button, [type=radio], [type=checkbox]"; // these know no "read only"

/** Texts keep the focus and can be read. @param {HTMLFormElement} form @returns {() => void} opens it again as it was */
export function lock(form) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const undo = [...form.querySelectorAll("input, select, textarea, button")].map(closed);
  form.setAttribute("aria-busy", "true");
  return () => {
    undo.forEach((open) => open());
    form.removeAttribute("aria-busy");
    if (form.contains(focused) && document.activeElement === document.body) focused?.focus({ preventScroll: true });
  };
}

function closed(control) {
  const name = control.matches(CLOSED) ? "disabled" : "readOnly";
  const before = control[name];
  control[name] = true;
  return () => { control[name] = before; };
}
