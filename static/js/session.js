// Says a minute before the end that the sign-in ends, and afterwards that it has; what was typed stays on the page either
// way. Moving the pointer or typing is doing something: the server is told of it at most once a minute. Several tabs share
// one sign-in, so the server is asked before anybody is warned.
const WARN_S = 60;
const TELL_MS = 60_000;
const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("session"));

if (dialog) watch(dialog);

/** @param {HTMLDialogElement} box */
function watch(box) {
  let timer = 0;
  let toldAt = Date.now();
  let isOver = false;
  let isLast = false; // the longest time of one sign-in runs out: staying does not help

  /** @param {number} left */
  const wait = (left) => {
    clearTimeout(timer);
    // A day is longer than a timer may be.
    timer = setTimeout(look, Math.min(Math.max(1, left - WARN_S), 3600) * 1000);
  };

  async function look() {
    const found = await ask(box.dataset.url ?? "");
    if (found === null) return wait(WARN_S + 20); // no answer: the pages say so themselves
    if (!found) return over();
    if (found.who !== box.dataset.who) return over("Somebody else is signed in in this browser now. Do not send this page; reload it.");
    renew(found.token);
    if (isOver) return again(found.left);
    if (found.left > WARN_S) return wait(found.left);
    clearTimeout(timer);
    timer = setTimeout(look, (found.left + 1) * 1000);
    if (isLast) return;
    say(box, "You will be signed out in a minute", "Nothing was done here for a while. What you typed stays on this page either way.", false);
    if (!box.open) box.showModal();
  }

  /** Said once: nothing that is done now makes it longer. @param {number} left */
  function last(left) {
    clearTimeout(timer);
    timer = setTimeout(look, (left + 1) * 1000);
    if (isLast) return;
    isLast = true;
    say(box, "This sign-in ends within a minute", "It has lasted as long as one may, whatever is done. What you typed stays on this page: sign in again in a new tab then.", false);
    box.querySelector("[data-session-stay]").textContent = "Close";
    if (!box.open) box.showModal();
  }

  function over(text = "Sign in again in a new tab and come back here: what you typed is still on this page and can be sent then.") {
    isOver = true;
    clearTimeout(timer);
    say(box, "You are signed out", text, true);
    if (!box.open) box.showModal();
  }

  /** @param {number} left */
  function again(left) {
    isOver = isLast = false;
    if (box.open) box.close();
    wait(left);
  }

  async function stay() {
    toldAt = Date.now();
    const told = await ask(box.dataset.stay ?? "", { method: "POST", headers: { "X-CSRFToken": token(box) } });
    if (told) return told.left > WARN_S ? wait(told.left) : last(told.left);
    return look();
  }

  box.addEventListener("close", () => { if (!isOver && !isLast) stay(); });
  for (const name of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(name, () => {
      if (isOver || isLast || box.open || Date.now() - toldAt < TELL_MS) return;
      stay();
    }, { passive: true });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  wait(Number(box.dataset.left));
}

/**
 * What the server says; false where it sends to the sign-in, null where it does not answer.
 * @param {string} url @param {RequestInit} [options]
 */
async function ask(url, options = {}) {
  try {
    const response = await fetch(url, { redirect: "manual", headers: { Accept: "application/json" }, ...options });
    if (response.type === "opaqueredirect" || response.status === 403) return false;
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** A new sign-in has a new token: forms that waited are sent with it. @param {string} value */
function renew(value) {
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = value;
}

/** @param {HTMLElement} box */
const token = (box) => box.querySelector("input[name=csrfmiddlewaretoken]").value;

/** @param {HTMLElement} box @param {string} title @param {string} text @param {boolean} isOver */
function say(box, title, text, isOver) {
  box.querySelector("[data-session-title]").textContent = title;
  box.querySelector("[data-session-text]").textContent = text;
  box.querySelector("[data-session-again]").hidden = !isOver;
  box.querySelector("[data-session-stay]").textContent = isOver ? "Close" : "Stay signed in";
}

for (const box of document.querySelectorAll("[data-select-all]")) box.addEventListener("focus", () => box.select());

// How long an emergency access still lasts.
function countDown() {
  for (const mark of document.querySelectorAll("[data-until]")) {
    const minutes = Math.ceil((Date.parse(mark.dataset.until) - Date.now()) / 60_000);
    mark.textContent = minutes > 0 ? ` (${minutes} min left)` : " (over)";
  }
}
countDown();
setInterval(countDown, 20_000);
