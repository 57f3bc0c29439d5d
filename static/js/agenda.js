// The agenda under the hand: rows are dragged within and between lanes, Alt+Up and Alt+Down move the row with the focus,
// and forms of a row are sent without a reload. The server says what stands: after every change its page replaces ours.
// Without this module every form works by itself.
import { handIsOff } from "./hand.js";

const root = document.querySelector("[data-agenda]");
let dragged = null;
let queue = Promise.resolve();
let waiting = 0; // steps that were taken and are not sent yet
let refusals = 0;
let isRenewing = false; // some browsers call a field left when it is replaced

function rows(lane) {
  return [...lane.querySelectorAll('[data-item][draggable="true"]')];
}

function order() {
  const body = new FormData();
  body.set("do", "arrange");
  for (const lane of root.querySelectorAll("[data-lane]")) {
    for (const row of rows(lane)) body.append(lane.dataset.lane, row.dataset.item);
  }
  return body;
}

function say(text) {
  const said = root.querySelector("[data-agenda-said]");
  if (said) said.textContent = text;
}

// One step after the other, each on the agenda as those before it have left it. A conflict or a refusal is told above the
// agenda, which is shown as it stands; what was done after it was done on something else and is not sent.
function send(url, body, { focus = "", form = null } = {}) {
  waiting += 1;
  const before = refusals;
  queue = queue.then(() => {
    if (before !== refusals) return;
    waiting -= 1;
    return sent(url, body, focus, form);
  });
}

function giveUp() {
  refusals += 1;
  waiting = 0;
}

async function sent(url, body, focus, form) {
  body.set("version", root.dataset.version);
  body.set("csrfmiddlewaretoken", root.querySelector("[name=csrfmiddlewaretoken]").value);
  let isStored = false;
  try {
    const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
    const answer = await response.json();
    isStored = response.ok;
    if (isStored) root.dataset.version = answer.version;
    else giveUp();
    await renew(focus, form);
    if (isStored) say("Stored.");
    else tell(sentence(answer));
  } catch {
    giveUp();
    tell(isStored ? "Stored, but the server does not answer any more; reload the page." : "The server does not answer. Nothing was stored; reload the page and do it again.");
  }
}

function sentence(answer) {
  if (answer.said) return answer.said;
  if (answer.points) return answer.points.join(" ");
  return Object.values(answer.errors ?? {}).flat().join(" ") || "Not stored.";
}

function tell(text) {
  const notice = document.createElement("p");
  notice.className = "notice notice-caution";
  notice.setAttribute("role", "alert");
  notice.dataset.agendaNotice = "";
  notice.textContent = text;
  root.querySelector("[data-agenda-notice]")?.remove();
  root.querySelector("header")?.after(notice);
}

/** What is being typed stays, but for the form that was sent. */
function typedBeside(form) {
  const fields = [...root.querySelectorAll("input[id], textarea[id]")].filter((el) => el.form !== form && el.value !== el.defaultValue);
  const focus = fields.includes(document.activeElement) ? document.activeElement.id : "";
  return { focus, texts: fields.map((el) => [el.id, el.value]) };
}

function putBack(texts) {
  for (const [id, text] of texts) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.value = text;
    field.dataset.putBack = "";
    field.closest("details")?.setAttribute("open", "");
  }
}

async function renew(focus, form) {
  const response = await fetch(window.location.href, { redirect: "manual" });
  if (!response.ok) throw new Error(String(response.status));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-agenda]");
  if (!fresh) throw new Error("no agenda");
  await handIsOff();
  if (waiting) return; // the page as it is already shows the step that waits
  root.dataset.version = fresh.dataset.version; // not before it is seen: what another one did is not undone unseen
  const typed = typedBeside(form);
  isRenewing = true;
  root.replaceChildren(...document.adoptNode(fresh).childNodes);
  isRenewing = false;
  putBack(typed.texts);
  document.getElementById(typed.focus || focus)?.focus();
}

function mark(target) {
  root.querySelectorAll(".is-over, .is-over-end").forEach((el) => el.classList.remove("is-over", "is-over-end"));
  if (!target) return;
  target.classList.add(target.matches("[data-lane]") ? "is-over-end" : "is-over");
}

// The row before which the dragged one would come, else the lane at whose end.
function placeOf(event) {
  const lane = event.target.closest("[data-lane]");
  if (!lane || !dragged) return null;
  const below = rows(lane).find((row) => {
    const box = row.getBoundingClientRect();
    return row !== dragged && event.clientY < box.top + box.height / 2;
  });
  return below ?? lane;
}

function arrange(focus) {
  return send(root.dataset.agendaUrl, order(), { focus });
}

root?.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.('[data-item][draggable="true"]');
  if (!row || event.target.closest("input, button, details")) return event.preventDefault();
  dragged = row;
  row.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
});

root?.addEventListener("dragover", (event) => {
  const place = placeOf(event);
  if (!place) return;
  event.preventDefault();
  mark(place);
});

root?.addEventListener("drop", (event) => {
  const place = placeOf(event);
  if (!place) return;
  event.preventDefault();
  const row = dragged;
  if (place.matches("[data-lane]")) place.append(row);
  else place.before(row);
  arrange();
});

root?.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  mark(null);
});

root?.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const row = event.target.closest('[data-item][draggable="true"]');
  if (!row) return;
  event.preventDefault();
  const own = rows(row.closest("[data-lane]"));
  const other = own[own.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1)];
  if (!other) return;
  if (event.key === "ArrowUp") other.before(row);
  else other.after(row);
  event.target.focus(); // which a move takes away: the next key is meant for the same row
  arrange(event.target.id);
});

root?.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-agenda-form]");
  if (!form) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  send(form.action, body, { form, focus: event.submitter?.id || document.activeElement?.id });
});

// Rows come anew from the server, so the change of a box is heard here and not on the box.
root?.addEventListener("change", (event) => {
  if (isRenewing) return;
  delete event.target.dataset.putBack;
  const form = event.target.closest("[data-agenda-form]");
  if (form && event.target.matches("[name=minutes], [data-agenda-seat]")) form.requestSubmit();
});

// A browser calls a text that was put back unchanged when it is left.
root?.addEventListener("focusout", (event) => {
  if (!isRenewing && event.target.dataset.putBack !== undefined) event.target.dispatchEvent(new Event("change", { bubbles: true }));
});

root?.addEventListener("toggle", (event) => {
  if (!event.target.matches?.(".line-edit[open]")) return;
  root.querySelectorAll(".line-edit[open]").forEach((el) => { if (el !== event.target) el.open = false; });
}, true);
