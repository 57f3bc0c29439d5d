// A table of the laboratory system: pasted, shown with what was understood, corrected, and only then taken over as rows.
import { addRow } from "./rows.js";
import { put } from "./words.js";

const WAIT_MS = 250;

/** @param {HTMLFormElement} form @param {(url: string, body: object) => Promise<{status: number, said: any}>} send @param {() => void} onTaken */
export function pasting(form, send, onTaken) {
  const box = form.querySelector("[data-paste]:not(form)");
  const text = box.querySelector("[data-paste-text]");
  const say = (words) => { box.querySelector("[data-paste-said]").textContent = words; };
  let timer = 0;
  let asked = 0; // an answer about a text that was typed over, dropped or taken over is older than what stands there

  form.querySelector("[data-paste-open]").addEventListener("click", () => start(""));
  text.addEventListener("input", () => {
    forget();
    timer = setTimeout(read, WAIT_MS);
  });
  box.querySelector("[data-paste-drop]").addEventListener("click", stop);
  box.querySelector("[data-paste-accept]").addEventListener("click", take);
  box.addEventListener("input", (event) => { if (event.target !== text) look(); });
  box.addEventListener("change", (event) => {
    if (event.target.matches("[data-part=analyte]")) fillUnits(event.target.closest("tr"), "");
    look();
  });
  // A block that is pasted beside the fields is meant for here.
  document.addEventListener("paste", (event) => {
    const block = event.clipboardData?.getData("text") ?? "";
    if (event.target.closest?.("input, textarea, select") || !block.trim().includes("\n")) return;
    event.preventDefault();
    start(block);
  });

  function forget() {
    asked += 1;
    clearTimeout(timer);
  }

  function start(block) {
    forget();
    box.hidden = false;
    text.value = block;
    text.rows = 4;
    box.querySelector("[data-paste-step=preview]").hidden = true;
    text.focus();
    box.scrollIntoView({ block: "nearest" });
    if (block) read();
  }

  function stop() {
    forget();
    box.hidden = true;
    text.value = "";
    box.querySelector("[data-paste-rows]").replaceChildren();
    form.querySelector("[data-paste-open]").focus();
  }

  async function read() {
    if (!text.value.trim()) return;
    const mine = (asked += 1);
    const answer = await send(form.dataset.paste, { text: text.value });
    if (mine !== asked) return;
    box.querySelector("[data-paste-step=preview]").hidden = false;
    if (answer.status !== 200) return say("The table could not be read: the server does not answer. Paste it again when it is back.");
    const { rows, unread } = answer.said;
    text.rows = rows.length ? 2 : 4;
    box.querySelector("[data-paste-rows]").replaceChildren(...rows.map(line));
    box.querySelector("[data-paste-unread]").textContent = unread.length ? `Not read: ${unread.join(" · ")}` : "";
    if (!rows.length) return say("No value was found in this text.");
    look();
    const first = box.querySelector("select[data-part=unit][data-asked]") ?? box.querySelector("[data-paste-accept]");
    first.focus();
    first.scrollIntoView({ block: "center" });
  }

  /** What still has to be answered; accepting waits for it. */
  function look() {
    const day = box.querySelector("[data-paste-day]").value.trim();
    let taken = 0;
    let open = 0;
    for (const row of box.querySelectorAll("[data-paste-rows] tr")) {
      if (!part(row, "take").checked) { settle(row, "left out", "unknown"); continue; }
      taken += 1;
      const asks = [!part(row, "analyte").value && "choose the test", !part(row, "unit").value && "choose the unit", !part(row, "day").value.trim() && !day && "which day?", part(row, "right") && !part(row, "right").checked && "is it right?"].filter(Boolean);
      open += asks.length ? 1 : 0;
      settle(row, asks.join(", ") || row.dataset.sure, asks.length ? "caution" : "met");
    }
    const button = box.querySelector("[data-paste-accept]");
    button.disabled = !taken || open > 0;
    button.textContent = `Accept ${taken} value${taken === 1 ? "" : "s"}`;
    say(open ? `${open} still to answer.` : "");
  }

  function take() {
    const day = box.querySelector("[data-paste-day]").value.trim();
    for (const row of box.querySelectorAll("[data-paste-rows] tr")) {
      if (!part(row, "take").checked) continue;
      const { prefix } = addRow(form, "labs").dataset;
      const texts = { analyte: part(row, "analyte").value, value: part(row, "value").value, unit: part(row, "unit").value, clinical_date: part(row, "day").value.trim() || day, reference_low: row.dataset.low, reference_high: row.dataset.high };
      for (const [name, value] of Object.entries(texts)) put(form, `${prefix}.${name}`, value);
    }
    stop();
    onTaken();
  }
}

const part = (row, name) => row.querySelector(`[data-part="${name}"]`);

function settle(row, text, tone) {
  const place = row.querySelector("[data-check]");
  place.className = `sub card-state card-state-${tone}`;
  place.textContent = text;
}

function line(found) {
  const row = document.createElement("tr");
  Object.assign(row.dataset, { low: found.reference_low, high: found.reference_high, sure: found.unit_sure === "likely" ? "unit guessed" : "recognised" });
  row.title = found.source;
  const analyte = select("analyte", `Test of ${found.name}`);
  analyte.append(new Option("", ""), ...document.querySelector("template[data-analytes]").content.cloneNode(true).children);
  analyte.value = found.analyte;
  const doubts = found.asks.filter((ask) => /thousands|day first/.test(ask));
  const test = cell(analyte, found.name);
  test.append(sub("", (made) => { made.dataset.check = ""; }));
  for (const ask of found.asks.filter((one) => !/No day/.test(one))) test.append(sub(ask));
  if (found.doubt) test.append(sub(found.doubt, (made) => { made.classList.add("entry-said-amber"); }));
  if (doubts.length) test.append(checkbox("right", "It is right", false));
  row.append(cell(checkbox("take", `Take ${found.name}`, true)), test, cell(input("value", found.value, "Value")), cell(select("unit", `Unit of ${found.name}`)), cell(input("day", found.day, "Day")));
  fillUnits(row, found.unit);
  if (found.unit_sure === "ask") part(row, "unit").dataset.asked = "";
  return row;
}

function fillUnits(row, chosen) {
  const units = (part(row, "analyte").selectedOptions[0]?.dataset.units ?? "").split(" ").filter(Boolean);
  part(row, "unit").replaceChildren(new Option("unit", ""), ...units.map((unit) => new Option(unit, unit)));
  part(row, "unit").value = units.includes(chosen) ? chosen : "";
}

function cell(element, below = "") {
  const made = document.createElement("td");
  made.append(element);
  if (below) made.append(sub(below));
  return made;
}

function sub(text, more = (/** @type {HTMLElement} */ _made) => {}) {
  const made = document.createElement("span");
  made.className = "sub";
  made.textContent = text;
  more(made);
  return made;
}

function select(name, label) {
  const made = document.createElement("select");
  made.className = "select entry-compact";
  made.dataset.part = name;
  made.setAttribute("aria-label", label);
  return made;
}

function input(name, value, label) {
  const made = document.createElement("input");
  made.className = "input entry-compact";
  made.dataset.part = name;
  made.value = value;
  made.setAttribute("aria-label", label);
  return made;
}

function checkbox(name, label, isChecked) {
  const made = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = isChecked;
  box.dataset.part = name;
  made.className = "check";
  const said = document.createElement("span");
  said.textContent = label;
  if (name === "take") said.className = "visually-hidden";
  made.append(box, said);
  return made;
}
