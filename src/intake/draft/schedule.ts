/** When a message is sent, and when it is given up (manual pages "Scheduling delivery", "STO" and "TZO"). Pure. */
import { DAY } from '#core';
import { MESSAGE_LIFETIME } from '#queue';
import type { RequestedOptions } from '../options/requested-options.js';
import type { SendWindow } from './preferred-send-time.js';

/** The span in which each recipient's delivery becomes due; `from` is never before `now`. */
export function sendWindow({ deliverAt, optimizePeriod, localTime }: RequestedOptions, now: number): SendWindow {
  const from = Math.max(now, deliverAt ?? now);
  // Every time of the day comes within a day.
  const span = localTime === undefined ? (optimizePeriod ?? 0) : DAY;
  return { from, until: from + span, ...(localTime === undefined ? {} : { localTime }) };
}

/** When what is still open fails as too old; `lastDue`: when the last of the recipients was due. */
export const giveUpAt = ({ deliverWithin }: RequestedOptions, lastDue: number): number => lastDue + (deliverWithin ?? MESSAGE_LIFETIME);
