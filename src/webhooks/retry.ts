/** What an answer to a webhook means (manual page "Webhooks"): 2xx: taken. 406: not wanted. Anything else: called again later. Pure. */
import { HOUR, MINUTE } from '#core';

export const LONGEST_CALL_DELAY = 4 * HOUR;

/** Wait after the first, second, … attempt that failed, ms. */
export const CALL_RETRY_DELAYS: readonly number[] = [
  10 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  LONGEST_CALL_DELAY,
];

export type CallVerdict = { kind: 'taken' } | { kind: 'unwanted' } | { kind: 'retry'; afterMs: number } | { kind: 'given-up' };

/** `status`: of the response, undefined when there was none; `attempts`: made so far, this one included. */
export function decideCallRetry(status: number | undefined, attempts: number): CallVerdict {
  if (status !== undefined && status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 406) return { kind: 'unwanted' };
  const afterMs = CALL_RETRY_DELAYS[attempts - 1];
  return afterMs === undefined ? { kind: 'given-up' } : { kind: 'retry', afterMs };
}
