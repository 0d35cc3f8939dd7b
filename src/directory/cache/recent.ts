/** A small bounded memory of look-ups: entries live for a while, the oldest goes when it is full. Undefined results are not kept. */
import type { Clock } from '#core';

export interface Recent<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
}

export function makeRecent<V>(deps: { clock: Clock; maxEntries: number; lifetimeMs: number }): Recent<V> {
  const entries = new Map<string, { value: V; until: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.until >= deps.clock.monotonic()) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, { value, until: deps.clock.monotonic() + deps.lifetimeMs });
      const oldest = entries.size > deps.maxEntries ? entries.keys().next().value : undefined;
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
  };
}
