// Ctrl+Enter inside the form signs: the button is pressed, so that a form without a password is refused like by hand.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("form[data-signed-form]");
  const button = form?.querySelector("[data-sign]");
  if (!button || button.disabled) return;
  event.preventDefault();
  form.requestSubmit(button);
});
