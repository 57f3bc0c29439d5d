// A form with data-once is sent once; one with data-guard asks before typed text is lost.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-elsewhere]")) return; // goes to a tab of its own; this page stays
    setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((b) => { b.disabled = true; }));
  });
}
// Coming back with the back button must not find a dead button.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once] button[type=submit]").forEach((b) => { b.disabled = false; });
});

let isDirty = false;
for (const form of document.querySelectorAll("form[data-guard]")) {
  form.addEventListener("input", () => { isDirty = true; });
  form.addEventListener("submit", (event) => { isDirty = isDirty && Boolean(event.submitter?.matches("[data-elsewhere]")); });
}
addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });

for (const el of document.querySelectorAll("[data-submit-on-change]")) {
  el.addEventListener("change", () => el.form?.requestSubmit());
}

// Paper cannot be unfolded: what is folded is open while the page is printed, and folded again afterwards.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach((el) => { el.open = true; });
});
addEventListener("afterprint", () => {
  opened.forEach((el) => { el.open = false; });
  opened = [];
});
