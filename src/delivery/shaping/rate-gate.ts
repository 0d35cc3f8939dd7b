/** Keeps to a rate without timers: remembers when the next one would be on time (GCRA), and lets a tenth of the count go at once. */
import type { Rate } from '#config';

export interface RateGate {
  /** ms until one more may go; 0: now. */
  wait(rate: Rate, now: number): number;
  /** `many` went. */
  spend(rate: Rate, now: number, many?: number): void;
}

const BURST_SHARE = 10;

/** Times are of the monotonic clock, ms. The rate may be another each time. */
export function makeRateGate(): RateGate {
  /** When the next one is on time. */
  let due = 0;
  return {
    wait({ count, perMs }, now) {
      const each = perMs / count;
      const burst = Math.max(1, Math.floor(count / BURST_SHARE)) - 1;
      return Math.max(0, due - burst * each - now);
    },
    spend({ count, perMs }, now, many = 1) {
      due = Math.max(due, now) + (many * perMs) / count;
    },
  };
}
