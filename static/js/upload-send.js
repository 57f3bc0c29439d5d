// Sends files in batches, one request at a time; a dropped connection repeats its batch, which the server
// recognises by content. The body is imaging/framing.py's: head (label length, file size), label, bytes.

const WAITS_S = [1, 2, 4, 8, 15, 15];
const encoder = new TextEncoder();

export class Refused extends Error {
  constructor(sentence, code) {
    super(sentence);
    this.code = code;
  }
}

export function batches(files, maxBytes, maxFiles) {
  const all = [];
  let batch = [];
  let bytes = 0;
  for (const item of files) {
    if (batch.length && (bytes + item.file.size > maxBytes || batch.length >= maxFiles)) {
      all.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.file.size;
  }
  if (batch.length) all.push(batch);
  return all;
}

export async function sendBatch(batch, { url, csrf, signal, onBytes, onWait, onUnreadable }) {
  let files = batch;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await post(url, body(files), csrf, signal, onBytes);
    if (answer.ok) return { files, answer: answer.json };
    if (answer.isFinal || attempt >= WAITS_S.length) throw new Refused(answer.sentence, answer.code);
    const readable = await readableOnly(files, onUnreadable);
    if (!readable.length) return { files: [], answer: { items: [] } };
    if (readable.length === files.length) await wait(WAITS_S[attempt], signal, onWait);
    files = readable;
  }
}

function body(files) {
  const parts = [];
  for (const { file, label } of files) {
    const name = encoder.encode(label.slice(-200));
    const head = new DataView(new ArrayBuffer(12));
    head.setUint32(0, name.length);
    head.setBigUint64(4, BigInt(file.size));
    parts.push(head.buffer, name, file);
  }
  return new Blob(parts);
}

function post(url, blob, csrf, signal, onBytes) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report how much of a body has left
    const stop = () => request.abort();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/x-prrt-files");
    request.setRequestHeader("X-CSRFToken", csrf);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => onBytes(event.loaded);
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onerror = () => resolve({ ok: false, sentence: "The connection to the server was lost.", code: "connection_lost" });
    request.onload = () => resolve(understand(request));
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    request.send(blob);
  });
}

function understand(request) {
  const isJson = (request.getResponseHeader("Content-Type") || "").startsWith("application/json");
  if (!isJson) return unexpected(request.status);
  const json = JSON.parse(request.responseText);
  if (request.status === 200) return { ok: true, json };
  // 400 is a body cut on its way and worth repeating; the other refusals would only come again.
  return { ok: false, isFinal: request.status !== 400 && request.status < 600, sentence: json.sentence, code: json.code };
}

function unexpected(status) {
  if (status === 200 || status === 403)
    return { ok: false, isFinal: true, code: "signed_out", sentence: "You have been signed out. Sign in again in another tab, then continue here." };
  return { ok: false, isFinal: status < 500, code: `http_${status}`, sentence: "The server could not take these files." };
}

async function readableOnly(files, onUnreadable) {
  const readable = [];
  for (const item of files) {
    try {
      await item.file.slice(0, 1).arrayBuffer();
      readable.push(item);
    } catch {
      onUnreadable(item);
    }
  }
  return readable;
}

function wait(seconds, signal, onWait) {
  onWait(seconds);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
