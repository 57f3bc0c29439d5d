// Turns and windows the sprite of a scan on a 2D canvas. Without script, or if the sprite does not come, the still stays.

import { loadFrames } from "./sprite-load.js";
import { canvasSize, degrees, geometry, letters, paint, seenFrom, turned, windowTable } from "./sprite.js";

const FRAME_MS = 110;
const DRAG_PIXELS = 9;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

document.querySelectorAll("[data-rotating-mip]").forEach(start);

async function start(figure) {
  const part = (name) => figure.querySelector(`[data-mip-${name}]`);
  const g = geometry(figure.dataset);
  let frames;
  try {
    frames = await loadFrames(figure.dataset.sprite, g);
  } catch {
    return void (part("lost").hidden = false);
  }
  const canvas = part("canvas");
  const tile = new OffscreenCanvas(g.width, g.height);
  const image = new ImageData(g.width, g.height);
  let table = windowTable(Number(part("window").value), g);
  let frame = 0;
  let asked = 0;
  let timer = 0;

  const draw = () => {
    asked = 0;
    paint(frames[frame], table, image.data);
    tile.getContext("2d").putImageData(image, 0, 0);
    canvas.getContext("2d").drawImage(tile, 0, 0, canvas.width, canvas.height);
    figure.dataset.frame = frame;
  };
  const redraw = () => (asked ||= requestAnimationFrame(draw));
  const show = (wanted) => {
    frame = turned(wanted, 0, g);
    const where = `seen from ${seenFrom(frame, g)}`;
    part("angle").value = frame;
    part("angle").setAttribute("aria-valuetext", where);
    part("angle-text").textContent = `${degrees(frame, g)}°`;
    const { left, right } = letters(frame, g);
    part("left").textContent = left;
    part("right").textContent = right;
    canvas.setAttribute("aria-label", `Rotating projection, ${where}. Arrow keys turn it.`);
    redraw();
  };
  const play = (isOn) => {
    clearInterval(timer);
    timer = isOn ? setInterval(() => document.hidden || show(frame + 1), FRAME_MS) : 0;
    part("play").textContent = isOn ? "Pause" : "Play";
  };
  const turn = (by) => {
    play(false);
    show(frame + by);
  };

  Object.assign(canvas, canvasSize(g));
  canvas.hidden = part("controls").hidden = false;
  part("still").hidden = true;
  part("play").addEventListener("click", () => play(!timer));
  part("angle").addEventListener("input", (event) => turn(Number(event.target.value) - frame));
  part("window").addEventListener("input", (event) => {
    table = windowTable(Number(event.target.value), g);
    part("window-text").textContent = event.target.value;
    redraw();
  });
  for (const element of [canvas, part("angle")]) element.addEventListener("keydown", (event) => byKey(event, turn, g));
  byDrag(canvas, turn);
  calm.addEventListener("change", () => calm.matches && play(false));
  show(0);
  if ("autoplay" in figure.dataset && !calm.matches) play(true);
}

/** All the way round, which a range input by itself does not go. */
function byKey(event, turn, g) {
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: g.frames / 4, PageDown: -g.frames / 4 };
  if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  turn(Math.round(steps[event.key]));
}

function byDrag(canvas, turn) {
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = event.clientX;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const by = Math.trunc((from - event.clientX) / DRAG_PIXELS);
    if (!by) return;
    from -= by * DRAG_PIXELS;
    turn(by);
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (from = null));
}
