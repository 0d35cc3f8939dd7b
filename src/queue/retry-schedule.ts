/** When a deferred delivery is tried again: Mailgun's schedule, with jitter, and for the last time shortly before the message's expiry. */
import { HOUR, MINUTE } from '#core';

export const LONGEST_DELAY = 4 * HOUR;

/** Delay after the first, second, … attempt, ms (Mailgun help: 10 m, 15 m, 30 m, 1 h, 2 h, 4 h). */
export const RETRY_DELAYS: readonly number[] = [10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, LONGEST_DELAY];

/** A message that is not delivered this long after it was due fails as too old, ms. */
export const MESSAGE_LIFETIME = 8 * HOUR;

/** A sender may ask for less time, but not for less than this, ms (`o:deliver-within`). */
export const SHORTEST_LIFETIME = 5 * MINUTE;

const JITTER = 0.1;

/** The last attempt is due this long before the expiry (give or take half), so that it has time to wait for its turn, ms. */
const LAST_CALL = MINUTE;

export interface RetryQuestion {
  /** Attempts made so far, at least 1. */
  attempts: number;
  /** ms since the epoch. */
  now: number;
  expiresAt: number;
  /** -1 to 1; spreads what failed together. */
  jitter: number;
  /** The shortest wait, ms: the reply had a hint, or the peer may have the message already. */
  atLeast?: number;
}

/**
 * The due time of the next attempt. When the schedule's time is after the expiry, a last attempt comes shortly before it, unless that is too soon or
 * `atLeast` forbids it. A delivery that becomes due at `expiresAt` fails as too old, so that none waits for ever.
 */
export function decideRetry({ attempts, now, expiresAt, jitter, atLeast = 0 }: RetryQuestion): number {
  const left = expiresAt - Math.round(LAST_CALL * (1 + jitter / 2)) - now;
  const delay = Math.round((RETRY_DELAYS[attempts - 1] ?? LONGEST_DELAY) * (1 + JITTER * jitter));
  // No attempt is left when the time is too short for the last one, or when the schedule has ended and the time is shorter than its longest delay.
  // The first also keeps jitter from making a second last attempt.
  const isOver = left <= LAST_CALL || (attempts > RETRY_DELAYS.length && left < delay);
  const wait = isOver ? expiresAt - now : Math.min(delay, left);
  return Math.max(now, Math.min(now + Math.max(atLeast, wait), expiresAt));
}
