// The outbox against a server that refuses, is away, or has another text: nothing is dropped, nothing is sent twice.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const store = new Map();
const token = { value: "old" };
let answers = [];
let sent = [];
let page = "";

globalThis.localStorage = {
  getItem: (name) => store.get(name) ?? null,
  setItem: (name, value) => store.set(name, value),
  removeItem: (name) => store.delete(name),
};
globalThis.addEventListener = () => {};
globalThis.location = { href: "/console/" };
globalThis.document = {
  querySelector: (what) => (what === "[data-user]" ? { dataset: { user: "7" } } : token),
  querySelectorAll: () => [token],
};
globalThis.DOMParser = class {
  parseFromString(text) {
    const [user, value] = text.split(" ");
    return { querySelector: (what) => (what === "[data-user]" ? { dataset: { user } } : { value }) };
  }
};
const response = (status, said) => ({ status, ok: status < 300, type: "basic", headers: new Map(said ? [["Content-Type", "application/json"]] : []), json: async () => said, text: async () => page });
globalThis.fetch = async (url, { method, body, headers } = {}) => {
  if (method !== "POST") return response(200);
  sent.push({ ...Object.fromEntries(body), token: headers["X-CSRFToken"] });
  const next = answers.shift() ?? [200, {}];
  if (next === "out") return { type: "opaqueredirect", status: 0, headers: new Map() };
  return response(...next);
};

const { outboxOf } = await import("../../static/js/console/outbox.js");
const { mergedText } = await import("../../static/js/console/notes.js");
const entry = (text, base = "was") => ({ id: "note-1", url: "/note/", base, fields: { text, base } });

function box(more = {}) {
  const said = { sent: [], refused: [], waiting: [] };
  const outbox = outboxOf({
    user: "7",
    merged: async (one) => one,
    conflicted: (one, theirs) => ({ base: theirs, fields: { ...one.fields, base: theirs, text: mergedText(one.base, theirs, one.fields.text) } }),
    onSent: (one) => said.sent.push(one.fields.text),
    onRefused: (one, status, words) => said.refused.push([one.fields.text, status, words.message]),
    onWaiting: (entries, isSignedOut) => { said.waiting = [entries.length, isSignedOut]; },
    ...more,
  });
  return { outbox, said };
}

beforeEach(() => {
  store.clear();
  [answers, sent, page, token.value] = [[], [], "", "old"];
});

test("signed out, the text waits and stays in the store", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, said } = box();
  answers = ["out"];
  await outbox.put(entry("mine"));
  assert.deepEqual(said.waiting, [1, true]);
  assert.match(store.get("prrt.outbox.7"), /mine/);
  assert.deepEqual(said.refused, []);
  await outbox.flush();
  assert.deepEqual([said.sent, said.waiting, store.size], [["mine"], [0, false], 0]);
});

test("signed in again as the same person the new token is taken over, once", async () => {
  const { outbox, said } = box();
  [answers, page] = [[[403], [200, {}]], "7 new"];
  await outbox.put(entry("mine"));
  assert.deepEqual(sent.map((one) => one.token), ["old", "new"]);
  assert.deepEqual(said.sent, ["mine"]);
});

test("somebody else who signs in sends nothing of mine", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, said } = box();
  [answers, page] = [[[403]], "8 theirs"];
  await outbox.put(entry("mine"));
  assert.deepEqual([sent.length, token.value, said.waiting, said.refused], [1, "old", [1, true], []]);
});

test("a refusal in words is told with the text", async () => {
  const { outbox, said } = box();
  answers = [[422, { message: "too long" }]];
  await outbox.put(entry("mine"));
  assert.deepEqual(said.refused, [["mine", 422, "too long"]]);
});

test("a late text about a case that is gone is never posted", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { outbox, said } = box({ merged: async () => ({ gone: "no case" }) });
  answers = ["out"];
  await outbox.put(entry("mine"));
  sent = [];
  await outbox.flush();
  assert.deepEqual([sent, said.refused, outbox.isEmpty()], [[], [["mine", 404, "no case"]], true]);
});

test("theirs and mine both go out, on top of theirs", async () => {
  const { outbox, said } = box();
  answers = [[409, { code: "conflict", theirs: "theirs" }]];
  await outbox.put(entry("mine"));
  assert.deepEqual(sent.map((one) => one.base), ["was", "theirs"]);
  assert.ok(said.sent[0].startsWith("theirs") && said.sent[0].endsWith("mine"));
});

test("what is typed while a text is on its way starts from that text", async () => {
  const { outbox, said } = box();
  await Promise.all([outbox.put(entry("one")), outbox.put(entry("one two"))]);
  assert.deepEqual(sent.map(({ text, base }) => [text, base]), [["one", "was"], ["one two", "one"]]);
  assert.deepEqual([said.sent, outbox.isEmpty()], [["one", "one two"], true]);
});

test("what the server trimmed is no change of somebody else", () => {
  assert.equal(mergedText("old\n", "old", "old\nmine"), "old\nmine");
  assert.equal(mergedText("a\nb", "a\r\nb", "mine"), "mine");
  assert.equal(mergedText("", "theirs", "theirs and mine"), "theirs and mine");
});
