// The upload page: choose or drop, send, then follow the import on the upload's own page.

import { fromDrop, fromInput } from "./upload-files.js";
import { Refused, batches, sendBatch } from "./upload-send.js";

const form = document.querySelector("[data-upload]");
const zone = form.querySelector("[data-dropzone]");
const panel = document.querySelector("[data-sending]");
const show = (name, text) => (panel.querySelector(`[data-${name}]`).textContent = text);
const csrf = form.querySelector("[name=csrfmiddlewaretoken]").value;
const MB = 1024 * 1024;
const LANES = 2;
let chosen = [];
let stopper = null;
let isPaused = false;
const resume = [];

form.querySelectorAll("[data-needs-script]").forEach((element) => (element.hidden = false));
zone.querySelectorAll("input[type=file]").forEach((input) => input.addEventListener("change", () => choose(fromInput(input))));
["dragenter", "dragover"].forEach((name) =>
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("is-over");
  }),
);
zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  choose(await fromDrop(event.dataTransfer));
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(chosen);
});
panel.querySelector("[data-stop]").addEventListener("click", () => stopper?.abort());
panel.querySelector("[data-pause]").addEventListener("click", () => {
  setPaused(!isPaused);
  if (!isPaused) resume.splice(0).forEach((goOn) => goOn());
});
window.addEventListener("beforeunload", (event) => stopper && event.preventDefault());

function setPaused(isNow) {
  isPaused = isNow;
  show("pause", isPaused ? "Go on" : "Pause");
}

function choose(files) {
  const line = form.querySelector("[data-chosen]");
  const count = `${files.length} ${files.length === 1 ? "file" : "files"}`;
  if (stopper) return void (line.textContent = `${count} not taken: an upload is running. Choose or drop them again when it has ended.`);
  chosen = files;
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  line.textContent = `${count} chosen, ${(bytes / MB).toFixed(1)} MB.`;
}

async function send(files) {
  if (stopper) return;
  if (!files.length) return void (form.querySelector("[data-chosen]").textContent = "Choose or drop files first.");
  const tooBig = files.filter(({ file }) => file.size > limit(file));
  const fitting = files.filter(({ file }) => file.size <= limit(file));
  const rows = list(files);
  const mark = (item, word, sentence) => rows.get(item)?.(word, sentence);
  tooBig.forEach((item) => mark(item, "too large", `Larger than ${Math.floor(limit(item.file) / MB)} MB.`));
  begin();
  let upload;
  try {
    upload = await open();
  } catch (error) {
    stopper = null;
    return notOpened(error);
  }
  try {
    await sendAll(fitting, upload, mark);
    await leaveTo(upload);
  } catch (error) {
    failed(error);
  } finally {
    stopper = null;
  }
}

const limit = (file) => Number(/\.zip$/i.test(file.name) ? form.dataset.maxArchive : form.dataset.maxFile);

function begin() {
  stopper = new AbortController();
  setPaused(false);
  panel.hidden = false;
  panel.querySelector("[data-failure]").hidden = true;
  panel.querySelector("[data-controls]").hidden = false;
  form.querySelectorAll("[data-case-error], [data-start-error]").forEach((box) => (box.hidden = true));
  form.elements.case?.removeAttribute("aria-invalid");
  form.querySelectorAll("input, button").forEach((element) => (element.disabled = true));
  show("status", "Opening the upload.");
}

async function open() {
  if (form.dataset.filesUrl) return { files: form.dataset.filesUrl, close: form.dataset.closeUrl };
  const fields = new FormData();
  for (const name of ["key", "case"]) fields.set(name, form.elements[name]?.value ?? "");
  return ask(form.dataset.startUrl, fields);
}

async function ask(url, fields = new FormData()) {
  const headers = { "X-CSRFToken": csrf, Accept: "application/json" };
  const response = await fetch(url, { method: "POST", body: fields, headers, signal: stopper.signal, redirect: "manual" });
  const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
  if (!isJson) throw new Refused("You have been signed out. Sign in again, then continue.", "signed_out");
  const json = await response.json();
  if (!response.ok) throw new Refused(json.sentence, json.code);
  return json;
}

async function sendAll(files, upload, mark) {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  const started = performance.now();
  const waiting = batches(files, Number(form.dataset.batchBytes), Number(form.dataset.batchFiles));
  const inFlight = new Array(LANES).fill(0);
  let safeBytes = 0;
  let safeFiles = 0;

  const report = (lane, bytes) => {
    inFlight[lane] = bytes;
    const sent = safeBytes + inFlight.reduce((sum, part) => sum + part, 0);
    progress(safeFiles, files.length, Math.min(sent, total), total, started);
  };
  const run = async (lane) => {
    while (waiting.length) {
      if (isPaused) await pause(safeFiles, files.length);
      const batch = waiting.shift();
      if (!batch) return;
      batch.forEach((item) => mark(item, "sending"));
      const sent = await sendBatch(batch, {
        url: upload.files,
        csrf,
        signal: stopper.signal,
        onBytes: (bytes) => report(lane, bytes),
        onWait: (seconds) => show("status", `Connection lost. ${safeFiles} files are safe. Trying again in ${seconds} s.`),
        onUnreadable: (item) => mark(item, "not sent", "This file could not be read on your computer."),
      });
      sent.files.forEach((item) => mark(item, "received"));
      sent.answer.items.forEach(({ index, word, sentence }) => mark(sent.files[index], word, sentence));
      safeBytes += batch.reduce((sum, { file }) => sum + file.size, 0);
      safeFiles += sent.files.length;
      report(lane, 0);
    }
  };
  // Two at a time: one is on its way while the other is being flushed to disk.
  await Promise.all(inFlight.map((_, lane) => run(lane))).catch((error) => {
    stopper.abort();
    throw error;
  });
}

function pause(done, count) {
  show("status", `Paused. ${done} of ${count} files are safe on the server.`);
  return new Promise((resolve, reject) => {
    resume.push(resolve);
    stopper.signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
  });
}

function progress(done, count, bytes, total, started) {
  const percent = total ? Math.floor((100 * bytes) / total) : 100;
  const rate = bytes / MB / Math.max((performance.now() - started) / 1000, 0.001);
  panel.querySelector("progress").value = percent;
  show("percent", `${percent} %`);
  show("status", `${done} of ${count} files received`);
  show("rate", `${(bytes / MB).toFixed(1)} of ${(total / MB).toFixed(1)} MB, ${rate.toFixed(1)} MB/s`);
}

async function leaveTo(upload) {
  show("status", "All files received. Starting the import.");
  const { detail } = await ask(upload.close);
  stopper = null;
  window.location.assign(detail);
}

function failed(error) {
  panel.querySelector("[data-failure]").hidden = false;
  panel.querySelector("[data-controls]").hidden = true;
  show("status", "");
  show("reason", inWords(error));
  enable();
  zone.querySelectorAll("input[type=file]").forEach((input) => (input.value = ""));
}

// Nothing was sent: the files stay chosen, and the sentence stands where the mistake is.
function notOpened(error) {
  panel.hidden = true;
  enable();
  const box = form.querySelector(error.code === "case_invalid" ? "[data-case-error]" : "[data-start-error]");
  box.textContent = inWords(error);
  box.hidden = false;
  if (error.code !== "case_invalid") return;
  form.elements.case.setAttribute("aria-invalid", "true");
  form.elements.case.focus();
}

function inWords(error) {
  if (error.name === "AbortError") return "Stopped.";
  return error instanceof Refused ? error.message : "The connection to the server was lost.";
}

function enable() {
  form.querySelectorAll("input, button").forEach((element) => (element.disabled = false));
}

function list(files) {
  const target = panel.querySelector("[data-files]");
  const rows = new Map();
  target.replaceChildren();
  for (const item of files) {
    const row = document.createElement("li");
    const [name, state] = [document.createElement("span"), document.createElement("span")];
    name.textContent = item.label;
    state.textContent = "waiting";
    row.append(name, state);
    target.append(row);
    rows.set(item, (word, sentence) => {
      state.textContent = sentence ? `${word}: ${sentence}` : word;
      row.dataset.state = word;
    });
  }
  return rows;
}
