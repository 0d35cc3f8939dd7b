/** What a peer's refusal means: never again or later, and the reason that events give; pure. Provider-specific rules do not belong here. */
import { MINUTE, SECOND, type SmtpReply, type Stage } from '#core';

export interface Classification {
  permanent: boolean;
  /** `bounce`: the recipient's mailbox will not take mail. `greylisted`: the peer wants to see us again. `generic`: anything else. */
  reason: 'bounce' | 'greylisted' | 'generic';
}

/** Enhanced codes (RFC 3463, IANA) that speak of the mailbox: bad address, moved, disabled, full. */
const MAILBOX = /^5\.(?:1\.(?:1|2|3|6|10)|2\.[0-4])$/;
/** Codes that a server without enhanced codes gives for an unknown mailbox at RCPT (RFC 5321 4.2.3). */
const MAILBOX_CODES = [550, 551, 553];
const GREYLIST = /\bgr[ae]y-?\s?list/i;

/** `reply.code` is 4xx or 5xx. A code that is neither counts as temporary: what is not understood is tried again. */
export function classifyReply(reply: SmtpReply, stage: Stage): Classification {
  const permanent = reply.code >= 500 && reply.code <= 599;
  if (!permanent) return { permanent, reason: GREYLIST.test(reply.text) ? 'greylisted' : 'generic' };
  const isMailbox = reply.enhancedCode === '' ? stage === 'rcpt' && MAILBOX_CODES.includes(reply.code) : MAILBOX.test(reply.enhancedCode);
  return { permanent, reason: isMailbox ? 'bounce' : 'generic' };
}

const HINT = /\b(?:try again|retry|come back|wait)\b[^.;]{0,40}?\b(\d{1,5})\s*(s|sec|secs|seconds?|m|min|mins|minutes?)\b/i;
const MAX_HINT = 60 * MINUTE;

/** The wait a temporary refusal asks for (`try again in 300 seconds`), ms; 0 when it asks for none. At most an hour. */
export function waitAskedFor(text: string): number {
  const [, digits, unit] = HINT.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return 0;
  return Math.min(MAX_HINT, Number(digits) * (unit.toLowerCase().startsWith('s') ? SECOND : MINUTE));
}
