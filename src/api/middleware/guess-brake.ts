/** A brake on guessing keys: an address that tried many different wrong ones is refused for a while. In memory and bounded. */
import { createHash } from 'node:crypto';
import { type Clock, MINUTE } from '#core';

/** Different wrong keys, not tries: a service that keeps calling with one revoked key must not lock out its neighbours. */
const MAX_WRONG_KEYS = 20;
const WINDOW_MS = 10 * MINUTE;
const MAX_ADDRESSES = 10_000;

export interface GuessBrake {
  /** Seconds until the address may try again; 0 when it may now. */
  blockedFor(address: string): number;
  wrong(address: string, secret: string): void;
}

export function makeGuessBrake(clock: Clock): GuessBrake {
  const seen = new Map<string, { until: number; fingerprints: Set<string> }>();

  function current(address: string) {
    const entry = seen.get(address);
    if (entry && entry.until <= clock.monotonic()) seen.delete(address);
    return seen.get(address);
  }

  return {
    blockedFor(address) {
      const entry = current(address);
      if (!entry || entry.fingerprints.size < MAX_WRONG_KEYS) return 0;
      return Math.max(1, Math.ceil((entry.until - clock.monotonic()) / 1000));
    },
    wrong(address, secret) {
      const entry = current(address) ?? { until: clock.monotonic() + WINDOW_MS, fingerprints: new Set<string>() };
      entry.fingerprints.add(createHash('sha256').update(secret).digest('base64').slice(0, 12));
      seen.set(address, entry);
      // The oldest address goes first, so that a flood of addresses costs bounded memory.
      if (seen.size > MAX_ADDRESSES) seen.delete(seen.keys().next().value ?? '');
    },
  };
}
