// Follows the room's screen: events as they come; where they stay away, a question every three seconds.

const SILENT_MS = 4000;
const ASK_MS = 3000;
const STREAM_AGAIN_MS = 15_000;

export function follow({ stateUrl, eventsUrl, onState, onBeat, onLost }) {
  let source = null;
  let heardAt = 0;
  let isLost = false;
  let triedAt = 0;

  function heard() {
    heardAt = Date.now();
    if (isLost) onLost(isLost = false);
  }

  function listen() {
    triedAt = Date.now();
    source?.close();
    source = new EventSource(eventsUrl);
    source.addEventListener("state", (event) => { heard(); onState(JSON.parse(event.data)); });
    source.addEventListener("beat", (event) => { heard(); onBeat(JSON.parse(event.data)); });
    source.addEventListener("end", listen);
    source.addEventListener("stale", stop);
    source.addEventListener("error", stop);
  }

  function stop() {
    source?.close();
    source = null;
  }

  async function ask() {
    const response = await fetch(stateUrl, { headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
    if (!response?.ok) return;
    heard();
    onState(await response.json());
  }

  async function look() {
    const silence = Date.now() - heardAt;
    if (silence > SILENT_MS && !isLost) onLost(isLost = true);
    if (source && silence > SILENT_MS) stop();
    if (!source) await ask();
    if (!source && Date.now() - triedAt > STREAM_AGAIN_MS) listen();
    setTimeout(look, source ? 1000 : ASK_MS);
  }

  heardAt = Date.now();
  listen();
  look();
  addEventListener("online", () => { if (!source) listen(); });
}
