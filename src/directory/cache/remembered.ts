/** Remembers for a while what was read of the store, and forgets what the store's feed says has changed: by this process or by another. */
import type { Clock } from '#core';
import type { ChangedNoun, ChangeFeed } from '#store';
import { makeRecent } from './recent.js';

export interface Remembered<V> {
  /** What is remembered, else what `read` gives, which is remembered unless it is undefined or something has changed since it began. */
  get(key: string, read: () => Promise<V>): Promise<V>;
}

export interface RememberedOptions {
  clock: Clock;
  changes: ChangeFeed;
  /** The nouns whose changes make what is remembered worth nothing: the entry of the key that the feed names, or all entries. */
  forgetOn: Partial<Record<ChangedNoun, 'key' | 'all'>>;
  maxEntries: number;
  lifetimeMs: number;
}

/** Listens to the feed for as long as the store is open. */
export function makeRemembered<V>({ changes, forgetOn, ...options }: RememberedOptions): Remembered<V> {
  const recent = makeRecent<V>(options);
  /** Grows with every change, so that what was read before it is told from what was read after. */
  let generation = 0;

  changes.subscribe(({ noun, key }) => {
    const what = forgetOn[noun];
    if (what === undefined) return;
    generation++;
    if (what === 'key' && key !== undefined) recent.delete(key);
    else recent.clear();
  });

  return {
    async get(key, read) {
      const known = recent.get(key);
      if (known !== undefined) return known;
      const started = generation;
      const found = await read();
      if (found !== undefined && generation === started) recent.set(key, found);
      return found;
    },
  };
}
