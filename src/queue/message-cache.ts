/** Messages kept in memory between accept and first attempt: bounded in bytes, dropped when the last delivery ends. */
import { bodySize, type Message } from '#core';

export interface MessageCache {
  /** `open`: how many deliveries will use it; undefined when that is not known. */
  add(message: Message, open: number | undefined): void;
  get(id: number): Message | undefined;
  /** One delivery of the message has ended. */
  release(id: number): void;
  /** Forgets half of what is kept, beginning with what was used longest ago. */
  shrink(): void;
}

interface Entry {
  message: Message;
  open: number;
  bytes: number;
}

const OVERHEAD = 1024;

export function makeMessageCache(maxBytes: number): MessageCache {
  // A Map keeps insertion order: the first entry is the one used longest ago.
  const entries = new Map<number, Entry>();
  let bytes = 0;

  function remove(id: number): void {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    bytes -= entry.bytes;
  }

  function keep(most: number): void {
    for (const oldest of entries.keys()) {
      if (bytes <= most) break;
      remove(oldest);
    }
  }

  return {
    add(message, open = Number.POSITIVE_INFINITY) {
      remove(message.id);
      const inMemory = message.body.kind === 'inline' ? bodySize(message.body) : 0;
      const entry: Entry = { message, open, bytes: OVERHEAD + message.head.byteLength + inMemory };
      entries.set(message.id, entry);
      bytes += entry.bytes;
      keep(maxBytes);
    },
    get(id) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      entries.delete(id);
      entries.set(id, entry);
      return entry.message;
    },
    release(id) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.open -= 1;
      if (entry.open <= 0) remove(id);
    },
    shrink: () => keep(bytes / 2),
  };
}
