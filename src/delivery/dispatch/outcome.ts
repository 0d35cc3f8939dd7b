/** Turns what came of an attempt into the queue's verdict with its event; nothing here waits or writes. */
import { type Delivery, type Message, MINUTE, type Outcome } from '#core';
import type { Recorder } from '#events';
import { decideRetry, type Verdict } from '#queue';
import { retryHint } from '#replies';

export interface EndedAttempt {
  delivery: Delivery;
  message: Message;
  /** Public id of the account. */
  accountId: string;
  /** Name of the source it left from. */
  source: string;
  outcome: Exclude<Outcome, { kind: 'released' }>;
  /** When this attempt began, ms since the epoch. */
  startedAt: number;
  /** ms since the epoch. */
  now: number;
  /** -1 to 1. */
  jitter: number;
  /** A rule says that this delivery may not be tried before, ms since the epoch. */
  notBefore?: number | undefined;
}

/** A peer that may hold the message already is not given it again before this time has passed (RFC 1047), ms. */
const UNCERTAIN_WAIT = 10 * MINUTE;

export function decideVerdict(ended: EndedAttempt, recorder: Recorder): Verdict {
  const { delivery, message, accountId, source, outcome, startedAt, now, jitter, notBefore = 0 } = ended;
  const attempt = delivery.attempts + 1;
  const firstAttemptAt = delivery.last?.firstAttemptAt ?? startedAt;
  const record = { message, accountId, delivery, attempt };
  if (outcome.kind === 'delivered') return { kind: 'done', events: [recorder.delivered({ ...record, outcome, firstAttemptAt })] };
  if (outcome.kind === 'failed') return { kind: 'done', events: [recorder.failed({ ...record, outcome, severity: 'permanent' })] };

  const { reply, connection } = outcome;
  const isRemote = outcome.stage !== 'local' && outcome.stage !== 'dns';
  const hint = isRemote ? retryHint(reply.text, outcome.reason === 'greylisted') : undefined;
  const asked = outcome.uncertain ? UNCERTAIN_WAIT : (hint?.atLeast ?? 0);
  const atLeast = Math.max(asked, notBefore - now);
  const question = { attempts: attempt, now, expiresAt: message.expiresAt, atLeast };
  const due = decideRetry({ ...question, jitter });
  // Events name the delay of the schedule, without the jitter of this delivery.
  const retrySeconds = Math.round((decideRetry({ ...question, jitter: 0 }) - now) / 1000);
  const { code, enhancedCode, text } = reply;
  const cut = outcome.unanswered ? { unanswered: true as const } : {};
  const mxHost = connection.mxHost === undefined ? {} : { mxHost: connection.mxHost };
  return {
    kind: 'defer',
    due,
    attempts: attempt,
    last: { firstAttemptAt, code, enhancedCode, message: text, ...mxHost, ...(hint?.sameSource ? { source } : {}), ...cut },
    events: [recorder.failed({ ...record, outcome, severity: 'temporary', retrySeconds })],
  };
}
