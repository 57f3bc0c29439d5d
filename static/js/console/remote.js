// Sends commands to the room's screen, one after the other. Without a network they wait and go out when it is back.
import { isRepeatable, queued } from "./commands.js";
import { isAway, post } from "./posting.js";

const AGAIN_MS = 3000;
const MOST_TRIES = 40; // two minutes of errors are no outage that passes

/**
 * ``onState``: the screen after a command. ``onRefused``: what stood in the way. ``onWaiting``: how many wait.
 */
export function remoteOf({ url, windowId, onState, onRefused, onWaiting }) {
  let waiting = [];
  let isSending = false;
  let tries = 0;

  async function flush() {
    if (isSending) return;
    isSending = true;
    while (waiting.length) {
      const [command] = waiting;
      const { status, said } = await post(url, { ...command, window: windowId });
      const isOutage = isAway(status) && (status === 0 || ++tries < MOST_TRIES);
      if (!isOutage) tries = 0;
      if (isOutage) {
        waiting = waiting.filter((one) => one !== command || isRepeatable(one));
        if (!isRepeatable(command)) onRefused(status, { message: "No answer from the server: press again when it is back." });
        setTimeout(flush, AGAIN_MS);
        break;
      }
      waiting = waiting.filter((one) => one !== command);
      if (status === 200) onState(said);
      else onRefused(status, said);
    }
    isSending = false;
    onWaiting(waiting.length);
  }

  const lastOf = (kind) => waiting.findLast(({ action }) => action === kind)?.value ?? null;
  const isOn = (kind, was) => (lastOf(kind) ?? (was ? "on" : "off")) === "on";

  addEventListener("online", flush);
  return {
    send(action, value = "") {
      waiting = queued(waiting, { action, value });
      return flush();
    },
    drop() { waiting = []; },
    /** The case that was asked for and has not been answered yet: a second press counts from there. */
    asked: () => lastOf("show"),
    /** The screen as it will be once all that waits has arrived: what a key turns over is turned from there. */
    expected: (state) => ({
      ...state,
      is_blank: isOn("blank", state.is_blank),
      shows_sentence: isOn("sentence", state.shows_sentence),
    }),
  };
}
