// Mouse, pen and finger on the pictures: place the cross-hair, scroll slices, zoom, move, turn, pick a lesion.

import { PLANES, fromCanvas, minus, onVoxel, times } from "./geometry.js";
import { alongView, fromPicture, hottestBehind } from "./mipview.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */

const TURN_PIXELS = 9;
const STILL_PIXELS = 4;

/** @param {HTMLCanvasElement} canvas @param {{clientX: number, clientY: number}} event */
function pixel(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return { x: ((event.clientX - box.left) * canvas.width) / box.width, y: ((event.clientY - box.top) * canvas.height) / box.height };
}

/** @param {Workspace} work @param {import("./slicepanel.js").SlicePanel} panel */
export function onSlice(work, panel) {
  const { canvas, role } = panel;
  const place = (/** @type {PointerEvent} */ event) => {
    const { x, y } = pixel(canvas, event);
    return fromCanvas(panel.camera(work.state), x, y);
  };
  /** @type {import("./types.d.ts").Vec | null} */
  let from = null;
  let isTools = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    isTools = event.button === 0 && !event.shiftKey && Boolean(work.tool?.down(panel, place(event), event));
    if (isTools) return;
    if (event.shiftKey || event.button === 1) from = place(event);
    else work.moveTo(role, snapped(panel, place(event)));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (isTools) work.tool?.move(place(event));
    else if (from) {
      const to = place(event);
      work.pan(minus(from, to));
      from = place(event);
    } else if (event.buttons & 1) work.moveTo(role, snapped(panel, place(event)));
    work.hover(role, () => place(event));
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(name, (event) => {
    if (isTools) work.tool?.up(place(/** @type {PointerEvent} */ (event)));
    isTools = false;
    from = null;
  });
  canvas.addEventListener("pointerleave", () => work.hover(role, null));
  canvas.addEventListener("wheel", (event) => onWheel(event, (turns) => work.stepSlice(role, panel.plane, turns), (by) => work.zoom(by)), { passive: false });
}

/** The middle of the voxel that was meant, so that the cross-hair names one value.
 * @param {import("./slicepanel.js").SlicePanel} panel @param {import("./types.d.ts").Vec} p */
const snapped = ({ scan }, p) => (scan.pet ? onVoxel(scan.pet, p) : p);

/** @param {WheelEvent} event @param {(turns: number) => void} scroll @param {(by: number) => void} zoom */
function onWheel(event, scroll, zoom) {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
  else if (event.deltaY) scroll(-Math.sign(event.deltaY));
}

/** @param {Workspace} work @param {import("./mippanel.js").MipPanel} panel */
export function onMip(work, panel) {
  const { canvas } = panel;
  const place = (/** @type {PointerEvent} */ event) => {
    const { x, y } = pixel(canvas, event);
    return fromPicture(panel.placed(work.state), x, y);
  };
  let from = 0;
  let moved = 0;
  let isDown = false;
  /** @type {ReturnType<typeof place> | null} */
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    if (event.shiftKey || event.button === 1) {
      event.preventDefault();
      held = place(event);
      return;
    }
    [from, moved, isDown] = [event.clientX, 0, true];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held) {
      const to = place(event);
      work.pan(alongView(panel.angle(work.state), held.across - to.across, held.height - to.height));
      held = place(event);
    }
    if (!isDown) return;
    moved = Math.max(moved, Math.abs(event.clientX - from));
    const by = Math.trunc((from - event.clientX) / TURN_PIXELS);
    if (!by) return;
    from -= by * TURN_PIXELS;
    work.turn(by);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (isDown && moved < STILL_PIXELS) pickAt(work, panel, event);
    [isDown, held] = [false, null];
  });
  canvas.addEventListener("pointercancel", () => ([isDown, held] = [false, null]));
  canvas.addEventListener("wheel", (event) => onWheel(event, (turns) => work.turn(turns), (by) => work.zoom(by)), { passive: false });
}

/** A lesion or focus under the pointer is chosen; elsewhere both scans go to the hottest voxel behind it.
 * @param {Workspace} work @param {import("./mippanel.js").MipPanel} panel @param {PointerEvent} event */
function pickAt(work, panel, event) {
  const { x, y } = pixel(panel.canvas, event);
  const { across, height } = fromPicture(panel.placed(work.state), x, y);
  const pet = panel.scan.pet;
  const hottest = pet && hottestBehind(pet, panel.mip.view, panel.angle(work.state), across, height);
  if (work.tool?.onMip(panel.role, hottest)) return;
  const mark = panel.pick(work.state, x, y);
  if (mark?.lesion) return work.choose(mark.lesion);
  if (mark) return work.chooseRegion(panel.role, mark.region);
  if (hottest) work.moveTo(panel.role, hottest);
}

/** The direction of one slice up: towards the head, the front, the left. @param {import("./types.d.ts").PlaneName} plane @param {import("./types.d.ts").Volume | null} pet */
export function sliceStep(plane, pet) {
  const { through } = PLANES[plane];
  const mm = pet ? Math.hypot(pet.affine[0][through], pet.affine[1][through], pet.affine[2][through]) : 4;
  const up = /** @type {import("./types.d.ts").Vec} */ ([through === 0 ? 1 : 0, through === 1 ? -1 : 0, through === 2 ? 1 : 0]);
  return times(up, mm);
}
