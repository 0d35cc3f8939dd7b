/**
 * A brake on guessing keys: an address that tried many different wrong ones is refused for a while, except with a key that was right before, so that
 * guessing through a shared proxy does not lock out its other users. In memory and bounded.
 */
import { hash } from 'node:crypto';
import { type Clock, MINUTE } from '#core';

/** Different wrong keys, not tries: a service that keeps calling with one revoked key must not lock out its neighbours. */
const MAX_WRONG_KEYS = 20;
const WINDOW_MS = 10 * MINUTE;
const MAX_ENTRIES = 10_000;

export interface GuessBrake {
  /** Seconds until the address may try this key; 0 when it may now. */
  blockedFor(address: string, secret: string): number;
  /** How the key turned out. */
  wrong(address: string, secret: string): void;
  right(address: string, secret: string): void;
}

export function makeGuessBrake(clock: Clock): GuessBrake {
  const guesses = new Map<string, { until: number; fingerprints: Set<string> }>();
  const known = new Map<string, true>();

  function current(address: string) {
    const entry = guesses.get(address);
    if (entry && entry.until <= clock.monotonic()) guesses.delete(address);
    return guesses.get(address);
  }

  return {
    blockedFor(address, secret) {
      const entry = current(address);
      if (!entry || entry.fingerprints.size < MAX_WRONG_KEYS || known.has(`${address} ${fingerprint(secret)}`)) return 0;
      return Math.max(1, Math.ceil((entry.until - clock.monotonic()) / 1000));
    },
    wrong(address, secret) {
      const entry = current(address) ?? { until: clock.monotonic() + WINDOW_MS, fingerprints: new Set<string>() };
      entry.fingerprints.add(fingerprint(secret));
      guesses.set(address, entry);
      forgetOldest(guesses);
    },
    right(address, secret) {
      const pair = `${address} ${fingerprint(secret)}`;
      known.delete(pair);
      known.set(pair, true);
      forgetOldest(known);
    },
  };
}

const fingerprint = (secret: string): string => hash('sha256', secret, 'base64').slice(0, 12);

/** A flood of addresses costs bounded memory. */
function forgetOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next();
  if (map.size > MAX_ENTRIES && !oldest.done) map.delete(oldest.value);
}
