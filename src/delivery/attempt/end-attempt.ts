/** Builds the outcomes of an attempt from replies and failures, with what is known of the connection. */
import type { Outcome, SmtpReply, Stage } from '#core';
import type { BounceClassification, ClassifyBounce } from '#replies';
import type { Attempt } from './step.js';

type Ended<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>;

/** What the peer's reply means for this delivery. */
export function meaningOf(attempt: Attempt, stage: Stage, reply: SmtpReply, classify: ClassifyBounce): BounceClassification {
  return classify({ stage, reply, mxHost: attempt.connection.mxHost, destination: attempt.delivery.destinationName });
}

export function refusedByPeer(
  attempt: Attempt,
  stage: Stage,
  reply: SmtpReply,
  meaning: BounceClassification,
): Ended<'failed' | 'deferred'> {
  const { severity, reason, ruleId, short, action } = meaning;
  const outcome = severity === 'permanent' ? failed(attempt, stage, reply, reason, short) : deferred(attempt, stage, reply, reason);
  outcome.rule = ruleId;
  if (action === 'retry-other-source') outcome.otherSource = true;
  return outcome;
}

export function failed(attempt: Attempt, stage: Stage, reply: SmtpReply, reason = 'generic', description?: string): Ended<'failed'> {
  return { kind: 'failed', reply, stage, reason, ...common(attempt), ...(description === undefined ? {} : { description }) };
}

export function deferred(attempt: Attempt, stage: Stage, reply: SmtpReply, reason = 'generic'): Ended<'deferred'> {
  return { kind: 'deferred', reply, stage, reason, ...common(attempt) };
}

/** The peer said nothing more in the midst of the message. `reply` is this server's own. */
export function unanswered(attempt: Attempt, stage: Stage, reply: SmtpReply): Ended<'deferred'> {
  return { ...deferred(attempt, stage, reply), unanswered: true, ...(stage === 'dot' ? { uncertain: true } : {}) };
}

export function delivered(attempt: Attempt, reply: SmtpReply): Ended<'delivered'> {
  return { kind: 'delivered', reply, ...common(attempt) };
}

/** The loop, which has the clock, fills in the length of the session. */
function common({ connection, signature }: Attempt) {
  return { connection, sessionMs: 0, ...(signature === undefined ? {} : { dkim: signature.name }) };
}
