/**
 * The failure brake of API keys: slows down whoever guesses keys. An address that has tried many different wrong keys is asked to wait. A right key
 * always counts, so that nobody can lock others out by guessing; keys are too long to be guessed. In memory and bounded.
 */
import { hash } from 'node:crypto';
import { type Clock, MINUTE } from '#core';

/** Different wrong keys, not tries: a service that keeps calling with one revoked key is no guesser. */
const MAX_WRONG_KEYS = 20;
const WINDOW_MS = 10 * MINUTE;
const MAX_ENTRIES = 10_000;

export interface GuessBrake {
  /** Notes a wrong key from this address. Gives the seconds that the address should wait; 0 while it may have been a mistake. */
  wrong(address: string, secret: string): number;
}

export function makeGuessBrake(clock: Clock): GuessBrake {
  const guesses = new Map<string, { until: number; fingerprints: Set<string> }>();

  return {
    wrong(address, secret) {
      const now = clock.monotonic();
      const known = guesses.get(address);
      const entry = known !== undefined && known.until > now ? known : { until: now + WINDOW_MS, fingerprints: new Set<string>() };
      const isGuessing = entry.fingerprints.size >= MAX_WRONG_KEYS;
      if (!isGuessing) entry.fingerprints.add(hash('sha256', secret, 'base64').slice(0, 12));
      guesses.delete(address);
      guesses.set(address, entry);
      // A flood of addresses costs bounded memory.
      const oldest = guesses.size > MAX_ENTRIES ? guesses.keys().next().value : undefined;
      if (oldest !== undefined) guesses.delete(oldest);
      return isGuessing ? Math.max(1, Math.ceil((entry.until - now) / 1000)) : 0;
    },
  };
}
