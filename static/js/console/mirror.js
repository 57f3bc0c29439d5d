// The same frames as in the room, in a small box that the styles of this page do not reach. The last frame stays until the
// new one is whole.
import { Frames } from "../screen-frames.js";

const AGAIN_MS = 3000;

export function mirrorOf(root) {
  const stage = stageIn(root);
  const frames = new Frames(stage);
  let now = null;

  async function show(state) {
    try {
      const element = await frames.get(state.frame);
      if (now.frame.key !== state.frame.key || now.frame.stamp !== state.frame.stamp) return;
      frames.paint(element);
      stage.dataset.painted = `${state.frame.key} ${state.frame.stamp}`;
    } catch {
      setTimeout(() => { if (now === state) show(state); }, AGAIN_MS);
    }
  }

  return {
    show(state) {
      now = state;
      const display = state.displays.find((one) => one.is_connected) ?? state.displays[0];
      stage.dataset.theme = display?.theme === "light" ? "light" : "projector";
      stage.dataset.text = String(display?.text ?? 100);
      return show(state);
    },
    lost(isLost) { root.querySelector("[data-mirror-word]").hidden = !isLost; },
  };
}

function stageIn(root) {
  const stage = document.createElement("div");
  stage.className = "room-screen";
  stage.style.height = "100%";
  const styles = root.dataset.styles.split(" ").map((href) => Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  root.querySelector("[data-mirror-stage]").attachShadow({ mode: "open" }).append(...styles, stage);
  return stage;
}
