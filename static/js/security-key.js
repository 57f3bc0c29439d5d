// A security key instead of a code: the server asks, the key answers, the answer travels in the field of the code.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-security-key]");
  if (!button) return;
  const { form } = button;
  const line = form.querySelector("[data-security-key-said]");
  button.disabled = true;
  try {
    const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const asked = await fetch(button.dataset.securityKey, { method: "POST", headers, redirect: "manual" });
    if (!asked.ok) throw new Error(String(asked.status));
    const { request_options: options } = await asked.json();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
    const answer = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
    form.elements.code.value = JSON.stringify(answer.toJSON());
    line.textContent = "The key has answered. Sign now.";
  } catch {
    form.elements.code.value = "";
    line.textContent = "The key did not answer. Press again and touch it, or use a code.";
  } finally {
    button.disabled = false;
  }
});
