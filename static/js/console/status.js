// What the bar says: whether the room's display is there, and who moves it.
import { listDisplays } from "./displays.js";

/** @param {(iso: string) => string} timeOf the time of day where the server is */
export function displaysText(displays, timeOf) {
  if (!displays.length) return { text: "No display paired", mark: "none" };
  const lost = displays.find((display) => !display.is_connected);
  if (!lost) return { text: displays.length > 1 ? `${displays.length} displays connected` : "Room display connected", mark: "connected" };
  const who = displays.length > 1 ? lost.label : "Room display";
  return { text: lost.seen_at ? `${who} not connected since ${timeOf(lost.seen_at)}` : `${who} not connected yet`, mark: "lost" };
}

export function controlText(controller, windowId) {
  if (!controller) return { text: "Nobody moves the display yet", isMine: true, name: "" };
  const isHere = controller.is_you && ["", windowId].includes(controller.window);
  if (isHere) return { text: "You control the display", isMine: true, name: "" };
  if (controller.is_you) return { text: "You control the display in another window", isMine: false, name: "Your other window" };
  return { text: `${controller.name} controls the display`, isMine: false, name: controller.name };
}

const ICONS = { connected: "met", lost: "not-met", none: "info" };

export function showDisplays(bar, displays, timeOf) {
  const { text, mark } = displaysText(displays, timeOf);
  bar.querySelector("[data-displays-text]").textContent = text;
  const place = bar.querySelector("[data-displays-mark]");
  place.className = mark === "none" ? "mark-none" : `is-${mark}`;
  place.querySelector("use").setAttribute("href", `#i-${ICONS[mark]}`);
  listDisplays(bar.querySelector("[data-display-list]"), displays, (display) => {
    const words = displaysText([display], timeOf).text.replace("Room display ", "");
    return `${display.label}: ${words}, ${display.theme}, text ${display.text} %`;
  });
}
