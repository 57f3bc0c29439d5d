// Regions of the scan: no number of another outline, thresholds, boxes, the preview of a reference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inverseOf } from "../../static/js/reading/geometry.js";
import { arrowStep, asLeft, boxOf, chosenRow, merged, meanWithin, numbersLine, stepped, twoPoints } from "../../static/js/reading/regions.js";

const numbers = { suv_max: 10, suv_mean: 8, suv_peak_local: 9, volume_ml: 2.5, provisional: true, is_suv_provisional: false };
const row = (voi, more = {}) => ({ voi, recorded_at: "t1", role: "lesion", lesion: { pk: `l${voi}`, label: "L01", organ: "liver" }, state: "computing", sentence: "", numbers: null, ratio: null, ...more });
const liver = (recorded_at) => row("liver", { role: "liver", lesion: null, recorded_at, state: "current" });
const mapOf = (...rows) => new Map(rows.map((one) => [one.voi, one]));

test("numbers given with a step stay while the same outline is being measured", () => {
  const known = row("A", { numbers, ratio: { to_liver: 2 } });
  const found = merged(mapOf(known, liver("t1")), [row("A"), liver("t1")]).get("A");
  assert.equal(found.numbers, numbers);
  assert.deepEqual(found.ratio, { to_liver: 2 });
});

test("no number of another outline stays, and none where the measuring ended without", () => {
  const known = mapOf(row("A", { numbers }));
  assert.equal(merged(known, [row("A", { recorded_at: "t2" })]).get("A").numbers, null);
  assert.equal(merged(known, [row("A", { state: "refused" })]).get("A").numbers, null);
  assert.equal(merged(known, []).size, 0, "what is gone is gone");
});

test("a ratio over another liver does not stay", () => {
  const known = mapOf(row("A", { numbers, ratio: { to_liver: 2 } }), liver("t1"));
  assert.equal(merged(known, [row("A"), liver("t2")]).get("A").ratio, null);
});

test("stored numbers replace what was provisional", () => {
  const final = { ...numbers, provisional: false };
  assert.equal(merged(mapOf(row("A", { numbers })), [row("A", { numbers: final, state: "current" })]).get("A").numbers, final);
});

test("thresholds: 41, 45, 50 and on by five, a fixed SUV by a half, nothing known starts at the default", () => {
  const up = (from) => stepped({ rule: "percent", number: from }, 1).number;
  const down = (from) => stepped({ rule: "percent", number: from }, -1).number;
  assert.deepEqual([36, 41, 45, 50, 55, 47, 95].map(up), [41, 45, 50, 55, 60, 50, 95]);
  assert.deepEqual([55, 50, 45, 41, 36, 47, 6].map(down), [50, 45, 41, 36, 31, 45, 6]);
  assert.deepEqual(stepped({ rule: "suv", number: 3 }, 1), { rule: "suv", number: 3.5 });
  assert.deepEqual(stepped({ rule: "suv", number: 0.5 }, -1), { rule: "suv", number: 0.5 });
  assert.deepEqual(stepped(null, 1), { rule: "percent", number: 45 });
  assert.deepEqual(stepped({ rule: "liver", number: null }, -1), { rule: "percent", number: 45 });
});

test("the line says whose numbers, in which unit, and whether they are stored", () => {
  assert.equal(numbersLine(row("A", { numbers, ratio: { to_liver: 1.5 } }), "SUVbw g/mL"), "L01 liver: SUVmax 10.00, mean 8.00, peak 9.00 g/mL; 2.50 mL; 1.50 × liver; provisional, being stored");
  assert.equal(numbersLine(row("A"), "SUVbw g/mL"), "L01 liver: being measured …");
  assert.equal(numbersLine(row("A", { state: "refused", sentence: "Too small." }), ""), "L01 liver: Too small.");
  assert.equal(numbersLine(null, ""), "");
});

test("a region that was pointed at comes before that of the chosen lesion", () => {
  const rows = mapOf(row("A"), row("B"), liver("t1"));
  assert.equal(chosenRow(rows, { lesion: "lB", region: "" })?.voi, "B");
  assert.equal(chosenRow(rows, { lesion: "lB", region: "liver" })?.voi, "liver");
  assert.equal(chosenRow(rows, { lesion: "", region: "" }), null);
});

test("a box is as deep as its longer side", () => {
  assert.deepEqual(boxOf([0, 0, 5], [10, 20, 5], 2), [[0, 0, -5], [10, 20, 15]]);
  assert.deepEqual(twoPoints([1, 2, 3], [4, 5, 6]), { x: "1.000", y: "2.000", z: "3.000", x2: "4.000", y2: "5.000", z2: "6.000" });
});

test("arrows go one voxel along the picture", () => {
  const axial = { right: [1, 0, 0], down: [0, 1, 0] };
  assert.deepEqual(arrowStep(axial, "ArrowUp", 4).map((v) => v + 0), [0, -4, 0]);
  assert.equal(arrowStep(axial, "PageUp", 4), null);
});

test("a step that waited goes on from what own steps left, and never from what somebody else made meanwhile", () => {
  const [seen, later, own] = [row("A"), row("A", { recorded_at: "t2" }), new Set(["t2"])];
  assert.equal(asLeft(seen, later, own), later);
  assert.equal(asLeft(seen, row("A", { recorded_at: "t3" }), own), seen);
  assert.equal(asLeft(seen, undefined, own), seen);
});

test("the preview of a reference is the mean of the voxels whose middle is in the sphere", () => {
  const affine = [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]];
  const codes = new Uint16Array(125).fill(100);
  codes[62] = 200;
  const volume = { shape: [5, 5, 5], affine, inverse: inverseOf(affine), codes };
  const coding = { suv_max: 10000, levels: 100 };
  assert.equal(meanWithin(volume, coding, [4, 4, 4], 1), 40000);
  assert.equal(meanWithin(volume, coding, [4, 4, 4], 2), (40000 + 6 * 10000) / 7);
  assert.equal(meanWithin(volume, coding, [400, 4, 4], 2), null);
});
