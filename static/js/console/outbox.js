// What was typed and is not on the server yet. It survives a lost network and a reload, and is forgotten once it is sent.
// Only texts of this person, under ids of the agenda: no name, no case number.
import { isAway, post } from "./posting.js";

const AGAIN_MS = 3000;
const SIGNED_OUT_MS = 15_000;
const LONGEST_MS = 12 * 3600 * 1000;

/** @typedef {{id: string, url: string, fields: Record<string, string>, base: string, at: number}} Entry */

/** ``merged(entry)`` looks before a late text is sent: the entry to send, null while the server is away, or ``{gone}`` in words.
 * ``conflicted(entry, theirs)``: both texts in one. ``onSent(entry)``, ``onRefused(entry, status, said)``, ``onWaiting(entries, isSignedOut)``. */
export function outboxOf({ user, merged, conflicted, onSent, onRefused, onWaiting }) {
  const place = `prrt.outbox.${user}`;
  /** @type {Map<string, Entry>} */
  const entries = new Map(read(place));
  const late = new Set(entries.keys());
  let running = null;
  let timer = 0;
  let isSignedOut = false;

  function tell() {
    write(place, [...entries].filter(([id]) => late.has(id)));
    onWaiting([...entries.values()].filter(({ id }) => late.has(id)), isSignedOut);
  }

  const flush = () => (running ??= all().finally(() => { running = null; }));

  async function all() {
    clearTimeout(timer);
    for (const id of [...entries.keys()]) {
      if (await sent(id)) continue;
      timer = setTimeout(flush, isSignedOut ? SIGNED_OUT_MS : AGAIN_MS);
      break;
    }
    tell();
  }

  /** Whether the next one may be tried. */
  async function sent(id) {
    const entry = entries.get(id);
    const ready = late.has(id) ? await merged(entry) : entry;
    if (ready?.gone) return settled(entry, () => onRefused(entry, 404, { message: ready.gone }));
    const { status, said } = ready ? await post(ready.url, ready.fields) : { status: 0, said: {} };
    isSignedOut = status === 401;
    if (isAway(status) || isSignedOut) {
      late.add(id);
      return false;
    }
    if (status === 409 && typeof said.theirs === "string") {
      const newest = entries.get(id);
      entries.set(id, { ...newest, ...conflicted(newest, said.theirs) });
      return sent(id);
    }
    if (status < 200 || status >= 300) return settled(entry, () => onRefused(ready, status, said));
    follow(entry, ready.fields.text);
    return settled(entry, () => onSent(ready));
  }

  /** What was typed while this was on its way starts from the text that has arrived. */
  function follow(entry, text) {
    const newer = entries.get(entry.id);
    if (newer !== entry) entries.set(entry.id, { ...newer, base: text, fields: { ...newer.fields, base: text } });
  }

  function settled(entry, say) {
    if (entries.get(entry.id) === entry) entries.delete(entry.id);
    late.delete(entry.id);
    say();
    return true;
  }

  addEventListener("online", flush);
  return {
    /** Resolves when it was tried. @param {Omit<Entry, "at">} entry */
    async put(entry) {
      entries.set(entry.id, { ...entry, at: Date.now() });
      await flush();
      if (entries.has(entry.id) && !late.has(entry.id)) await flush();
    },
    flush,
    waiting: (id) => entries.get(id) ?? null,
    isEmpty: () => entries.size === 0,
  };
}

/** @returns {[string, Entry][]} */
function read(place) {
  try {
    const found = JSON.parse(localStorage.getItem(place) ?? "[]");
    return found.filter(([, entry]) => Date.now() - entry.at < LONGEST_MS);
  } catch {
    return [];
  }
}

function write(place, entries) {
  try {
    if (entries.length) localStorage.setItem(place, JSON.stringify(entries));
    else localStorage.removeItem(place);
  } catch {
    // nothing to keep it in: it stays in this window until it is sent
  }
}
