/** What a client asked for one message, over SMTP or HTTP, before the settings of its domain are considered. What is absent was not asked. */
import type { SendOptions } from '#core';

export interface RequestedOptions extends Partial<SendOptions> {
  /** Clicks and opens, where nothing more exact was asked (`o:tracking`). */
  tracking?: 'yes' | 'no' | 'htmlonly';
  /** Not before, ms since the epoch; a time in the past is now (`o:deliverytime`). */
  deliverAt?: number;
  /** Given up this long after it was due, ms (`o:deliver-within`). */
  deliverWithin?: number;
  /** In the recipient's best hour of the next so many ms (`o:deliverytime-optimize-period`). */
  optimizePeriod?: number;
  /** At this time of the recipient's day, minutes after midnight (`o:time-zone-localize`). */
  localTime?: number;
  /** Which of Mailgun's two mail servers sends (`o:native-send`). */
  nativeSend?: boolean;
  /** Say what providers will hold against the message (`o:lint`). */
  lint?: boolean;
  /** X-Mailgun fields that recipients are not shown, in lower case (`o:suppress-headers`). */
  suppressHeaders?: 'all' | string[];
}

/** Where both ask, the first wins; but suppressed headers add up. */
export function mergeRequested(first: RequestedOptions, second: RequestedOptions): RequestedOptions {
  const [one, other] = [first.suppressHeaders, second.suppressHeaders];
  const merged = { ...second, ...first };
  if (one === undefined || other === undefined) return merged;
  return { ...merged, suppressHeaders: one === 'all' || other === 'all' ? 'all' : [...new Set([...one, ...other])] };
}
