/** Remembers keys for a while, and at most so many of them: what was added first is forgotten first. */
import type { Clock } from './clock.js';

export interface ExpiringSet {
  /** For as long as the set says, or for `ms`. */
  add(key: string, ms?: number): void;
  has(key: string): boolean;
  delete(key: string): void;
}

export function makeExpiringSet({ clock, lifetimeMs, maxSize }: { clock: Clock; lifetimeMs: number; maxSize: number }): ExpiringSet {
  const until = new Map<string, number>();
  return {
    add(key, ms = lifetimeMs) {
      until.delete(key);
      until.set(key, clock.monotonic() + ms);
      for (const oldest of until.keys()) {
        if (until.size <= maxSize) break;
        until.delete(oldest);
      }
    },
    has(key) {
      const end = until.get(key);
      if (end !== undefined && end <= clock.monotonic()) until.delete(key);
      return until.has(key);
    },
    delete: (key) => void until.delete(key),
  };
}
