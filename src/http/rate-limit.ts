/** Requests per account and minute, in a fixed window, told in the X-RateLimit headers. */
import { type Clock, MINUTE } from '#core';
import { ErrorAnswer } from './error-answer.js';

export interface RateLimit {
  /** Counts one request. Gives the headers to answer with, or throws the 429. */
  count(account: number): Record<string, string>;
}

/** `perMinute` null: no limit, and no headers that would tell of one. */
export function makeRateLimit(deps: { clock: Clock; perMinute: number | null }): RateLimit {
  const { clock, perMinute } = deps;
  if (perMinute === null) return { count: () => ({}) };
  let windowEnd = 0;
  const counts = new Map<number, number>();

  return {
    count(account) {
      const now = clock.now();
      if (now >= windowEnd || windowEnd - now > MINUTE) {
        windowEnd = (Math.floor(now / MINUTE) + 1) * MINUTE;
        counts.clear();
      }
      const used = (counts.get(account) ?? 0) + 1;
      counts.set(account, used);
      const headers = { 'x-ratelimit-limit': String(perMinute), 'x-ratelimit-remaining': String(Math.max(0, perMinute - used)) };
      if (used <= perMinute) return { ...headers, 'x-ratelimit-reset': String(windowEnd) };
      // Reset is in ms by the documentation, but Go clients read seconds from it, and only on a 429.
      const seconds = Math.max(1, Math.ceil((windowEnd - now) / 1000));
      const message = `account request limit exceeded, try again after ${seconds} seconds`;
      const told = { ...headers, 'x-ratelimit-reset': String(Math.ceil(windowEnd / 1000)), 'retry-after': String(seconds) };
      throw new ErrorAnswer(429, { message, 'retry-seconds': seconds }, told);
    },
  };
}
