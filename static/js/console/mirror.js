// The same frames as in the room, made small. The last frame stays until the new one is there.

const MOST_KEPT = 24;

export function mirrorOf(root) {
  const stage = root.querySelector("[data-mirror-stage]");
  const kept = new Map();
  let wanted = "";

  function fit() {
    root.style.setProperty("--mirror-scale", String(root.clientHeight / stage.offsetHeight || 0.4));
  }
  new ResizeObserver(fit).observe(root);
  addEventListener("resize", fit);

  async function fetched({ url, stamp }) {
    const name = `${url} ${stamp}`;
    if (kept.has(name)) return kept.get(name);
    const response = await fetch(url, { redirect: "manual" }).catch(() => null);
    if (!response?.ok) return null;
    const text = await response.text();
    kept.set(name, text);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    return text;
  }

  async function show(state) {
    const { frame } = state;
    const name = `${frame.url} ${frame.stamp}`;
    if (wanted === name) return;
    wanted = name;
    const text = await fetched(frame);
    if (text === null && wanted === name) wanted = "";
    if (text === null || wanted !== name) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    stage.replaceChildren(...document.adoptNode(page.body).childNodes);
    fit();
  }

  const first = (state) => state.displays.find((display) => display.is_connected) ?? state.displays[0];
  return {
    show(state) {
      stage.dataset.theme = first(state)?.theme === "light" ? "light" : "projector";
      return show(state);
    },
    lost(isLost) { root.querySelector("[data-mirror-word]").hidden = !isLost; },
  };
}
