import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(new URL("../../static/js/polling.js", import.meta.url), "utf8");
const polling = await import(`data:text/javascript,${encodeURIComponent(source)}`);

test("asked quickly again while work moves", () => {
  assert.equal(polling.nextDelay(20000, { isQuiet: false, isChanged: true }), polling.FAST_MS);
});

test("ever more rarely while nothing happens, and never more rarely than the idle pace", () => {
  const seen = [];
  let delay = polling.FAST_MS;
  for (let i = 0; i < 12; i += 1) seen.push(delay = polling.nextDelay(delay, { isQuiet: true, isChanged: false }));
  assert.ok(seen.every((value, i) => i === 0 || value >= seen[i - 1]));
  assert.equal(seen.at(-1), polling.IDLE_MS);
});

test("open work that does not move is still looked at every few seconds", () => {
  let delay = polling.FAST_MS;
  for (let i = 0; i < 12; i += 1) delay = polling.nextDelay(delay, { isQuiet: false, isChanged: false });
  assert.ok(delay <= 5000);
});

test("a server that is away is asked less and less often, and at least twice a minute", () => {
  let delay = polling.FAST_MS;
  const first = polling.nextDelay(delay, { isLost: true });
  assert.ok(first > delay);
  for (let i = 0; i < 12; i += 1) delay = polling.nextDelay(delay, { isLost: true });
  assert.equal(delay, polling.LOST_MS);
});

test("the page is read again only when its list is another", () => {
  const state = { jobs: [{ id: "a" }], revision: "2" };
  assert.equal(polling.planOf(state, "1").mustReload, true);
  assert.equal(polling.planOf(state, "2").mustReload, false);
  assert.deepEqual(polling.planOf(state, "2").rows, state.jobs);
});

test("the summary says what runs and what waits, and nothing where nothing does", () => {
  const jobs = ["running", "queued", "queued"].map((state) => ({ state }));
  assert.equal(polling.summaryOf(jobs), "1 running, 2 waiting");
  assert.equal(polling.summaryOf([]), "");
});
