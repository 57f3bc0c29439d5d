// The last minute of the longest time of a sign-in is said once; staying does not help, and nothing asks again and again.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

const parts = new Map();
const part = (name) => parts.get(name) ?? parts.set(name, { value: "t", textContent: "", hidden: false }).get(name);
let shown = 0;
const told = { left: 30, who: "ada", token: "t" };
const asked = [];
const heard = {};
const box = {
  dataset: { url: "/session/", stay: "/stay/", who: "ada", left: "90" },
  open: false,
  querySelector: part,
  addEventListener: (name, act) => { heard[name] = act; },
  showModal() { box.open = true; shown += 1; },
  close() { box.open = false; heard.close?.(); },
};
globalThis.document = { getElementById: () => box, querySelectorAll: () => [], addEventListener() {}, hidden: false };
globalThis.addEventListener = (name, act) => { heard[name] = act; };
globalThis.fetch = async (url) => (asked.push(url), { type: "basic", ok: true, status: 200, json: async () => ({ ...told }) });

const settle = async () => { for (let n = 0; n < 20; n += 1) await Promise.resolve(); };

test("in the last minute the box comes twice at most", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  await import("../../static/js/session.js");
  mock.timers.tick(30_000);
  await settle();
  assert.equal(shown, 1);
  for (let second = 0; second < 20; second += 1) {
    if (box.open) box.close();
    await settle();
    mock.timers.tick(1000);
    await settle();
  }
  assert.equal(shown, 2, "the warning, and that staying does not help");
  assert.equal(asked.filter((url) => url === "/stay/").length, 1);
  assert.match(part("[data-session-title]").textContent, /ends within a minute/);
  told.left = 600;
  mock.timers.tick(40_000);
  await settle();
  assert.equal(shown, 2);
});
