// What was typed and is not on the server yet. It survives a lost network and a reload, and is forgotten once it is sent.
// Only texts of this person, under ids of the agenda: no name, no case number.
import { isAway, post } from "./posting.js";

const AGAIN_MS = 3000;
const LONGEST_MS = 12 * 3600 * 1000;

/** @typedef {{id: string, url: string, fields: Record<string, string>, base: string, at: number}} Entry */

/** ``onSent(entry)``, ``onRefused(entry, said)``, ``onWaiting(entries)``; ``merged(entry)`` looks before a late text is sent. */
export function outboxOf({ user, merged, onSent, onRefused, onWaiting }) {
  const place = `prrt.outbox.${user}`;
  /** @type {Map<string, Entry>} */
  const entries = new Map(read(place));
  const late = new Set(entries.keys());
  let isSending = false;

  function tell() {
    write(place, [...entries].filter(([id]) => late.has(id)));
    onWaiting([...entries.values()].filter(({ id }) => late.has(id)));
  }

  async function flush() {
    if (isSending) return;
    isSending = true;
    for (const entry of [...entries.values()]) {
      if (await sent(entry)) continue;
      setTimeout(flush, AGAIN_MS);
      break;
    }
    isSending = false;
    tell();
  }

  /** Whether the next one may be tried. */
  async function sent(entry) {
    const ready = late.has(entry.id) ? await merged(entry) : entry;
    const { status, said } = ready ? await post(ready.url, ready.fields) : { status: 0, said: {} };
    if (isAway(status)) {
      late.add(entry.id);
      return false;
    }
    if (entries.get(entry.id) === entry) {
      entries.delete(entry.id);
      late.delete(entry.id);
    }
    if (status >= 200 && status < 300) onSent(ready);
    else onRefused(ready, status, said);
    return true;
  }

  addEventListener("online", flush);
  return {
    /** @param {Omit<Entry, "at">} entry */
    put(entry) {
      entries.set(entry.id, { ...entry, at: Date.now() });
      return flush().then(() => (entries.has(entry.id) && !late.has(entry.id) ? flush() : undefined));
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
