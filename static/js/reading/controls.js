// Buttons, sliders and words around the pictures. They say what the state is; the state decides what is drawn.

import { linkWords, locked, windowWarning, windowed } from "./state.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */

/** @param {Workspace} work @param {HTMLElement} root @param {Record<string, Uint8Array>} palettes */
export function showControls(work, root, palettes) {
  const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(name));
  find("[data-tools]").hidden = find("[data-window]").hidden = false;
  for (const name of /** @type {const} */ (["layout", "mode"])) {
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll(`input[name=${name}]`))) {
      input.checked = input.value === work.state[name];
      input.addEventListener("change", () => work.change(/** @type {any} */ ({ [name]: input.value })));
    }
  }
  const mix = /** @type {HTMLInputElement} */ (find("input[name=mix]"));
  mix.addEventListener("input", () => work.change({ mix: Number(mix.value) / 100 }));
  const palette = /** @type {HTMLSelectElement} */ (find("select[name=palette]"));
  palette.addEventListener("change", () => work.change({ palette: palette.value }));
  folding(/** @type {HTMLDetailsElement} */ (find("[data-picture]")));
  toggles(work, root);
  limits(work, root);
  find("[data-act=fit]").addEventListener("click", () => work.fit());
  const show = () => {
    root.dataset.layout = work.state.layout;
    find("[data-mix-text]").textContent = `${Math.round(100 * work.state.mix)} %`;
    find("[data-link-words]").textContent = linkWords(work.state, work.link, work.isPair);
    showWindow(work, find);
  };
  work.store.subscribe((now, before) => now.palette !== before.palette && drawBars(root, palettes[now.palette]));
  work.store.subscribe(show);
  drawBars(root, palettes[work.state.palette]);
  show();
}

/** What lies over the pictures goes away with Escape, or when the pointer or the focus goes elsewhere. @param {HTMLDetailsElement} panel */
function folding(panel) {
  const close = (/** @type {Event} */ { target }) => {
    if (!panel.contains(/** @type {Node} */ (target))) panel.open = false;
  };
  document.addEventListener("pointerdown", close);
  document.addEventListener("focusin", close);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel.open) return;
    panel.open = false;
    panel.querySelector("summary")?.focus();
  });
}

/** @param {Workspace} work @param {HTMLElement} root */
function toggles(work, root) {
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("[data-toggle]"));
  for (const button of buttons) {
    const name = /** @type {"isSmooth" | "hasOutlines" | "isLinked" | "isLocked"} */ (button.dataset.toggle);
    button.addEventListener("click", () => {
      if (name === "isLocked") work.store.set(locked(work.state, !work.state.isLocked));
      else work.change({ [name]: !work.state[name] });
    });
    work.store.subscribe((now) => button.setAttribute("aria-pressed", String(now[name])));
  }
}

/** @param {Workspace} work @param {HTMLElement} root */
function limits(work, root) {
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-window-limits] input"));
  for (const input of inputs) {
    const role = /** @type {import("./types.d.ts").Role} */ (input.name);
    input.addEventListener("input", () => work.store.set(windowed(work.state, role, Number(input.value))));
    work.store.subscribe((now) => now.isLocked && (input.value = String(now.windows[role][1])));
  }
}

/** @param {Workspace} work @param {(name: string) => HTMLElement} find */
function showWindow({ state }, find) {
  const warning = windowWarning(state);
  find("[data-window-strip]").hidden = !warning;
  find("[data-window-strip-text]").textContent = warning;
  find("[data-window-limits]").hidden = state.isLocked;
  find("[data-lock-text]").textContent = state.isLocked ? "Same window, locked" : "Lock the window";
  const [before, after] = [state.windows.old[1], state.windows.new[1]];
  find("[data-window-high]").textContent = before === after || state.isLocked ? `${after}` : `${before} | ${after}`;
}

/** Inverse grey and the colours of uptake from 0 to the top of the window. @param {HTMLElement} root @param {Uint8Array} palette */
function drawBars(root, palette) {
  for (const canvas of /** @type {NodeListOf<HTMLCanvasElement>} */ (root.querySelectorAll("canvas[data-bar]"))) {
    const image = new ImageData(256, 1);
    for (let n = 0; n < 256; n += 1) {
      const colour = canvas.dataset.bar === "grey" ? [255 - n, 255 - n, 255 - n] : palette.subarray(3 * n, 3 * n + 3);
      image.data.set([...colour, 255], 4 * n);
    }
    canvas.width = 256;
    canvas.height = 1;
    canvas.getContext("2d")?.putImageData(image, 0, 0);
  }
}
