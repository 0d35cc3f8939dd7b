/** Sends the message over the open session and says what came of it. */
import { type Clock, type Message, needsSmtpUtf8, type Outcome, ownReply } from '#core';
import type { ClassifyBounce } from '#replies';
import { type ClientSession, ReadyMessage, SmtpFailure, WireSource } from '#smtp-client';
import { decideNextHost, isOfOneHost, MAX_HOSTS_GIVEN, type PutOff } from './decide-next-host.js';
import { deferred, delivered, failed, meaningOf, refusedByPeer, unanswered } from './end-attempt.js';
import { noReply } from './open-session.js';
import type { Attempt, AttemptStep, StepResult } from './step.js';

const CRLF = Buffer.from('\r\n');
const CLOSING = 421;

type Ended = Extract<Outcome, { kind: 'failed' | 'deferred' }>;

export function makeSend({ clock, classify }: { clock: Clock; classify: ClassifyBounce }): AttemptStep {
  return {
    name: 'send',
    async run(attempt) {
      const { session, message, delivery } = attempt;
      if (session === undefined) return 'reconnect';
      const size = sizeOf(attempt);
      const unfit = checkFit(attempt, session, size);
      if (unfit !== undefined) return unfit;
      const wasUsed = session.messages > 0;
      const eightBit = attempt.rendered.eightBitBody || attempt.rendered.eightBitHead;
      const source = sourceOf(attempt);
      try {
        const envelope = { from: message.sender, to: delivery.recipient, size, eightBit };
        const reply = await session.send(envelope, source, Math.max(1, attempt.deadline - clock.monotonic()));
        return delivered(attempt, reply);
      } catch (error) {
        if (!(error instanceof SmtpFailure)) throw error;
        return afterFailure(attempt, error, { wasUsed, hasBegun: source.started }, classify);
      }
    },
  };
}

/** Everything before the body. */
const startOf = ({ rendered: { head }, signature }: Attempt): Uint8Array[] =>
  signature === undefined ? [head, CRLF] : [signature.field, head, CRLF];

function sourceOf(attempt: Attempt): WireSource | ReadyMessage {
  const { body } = attempt.rendered;
  if (body.kind === 'stream') return new WireSource(startOf(attempt), body.open());
  const whole = [...startOf(attempt), body.bytes];
  return ReadyMessage.of(whole) ?? new WireSource(whole);
}

/** The message as its peer is given it, whole, without dot-stuffing. Rejects when its body cannot be read. */
export async function wireBytes(attempt: Attempt): Promise<Uint8Array> {
  const { body } = attempt.rendered;
  const pieces = startOf(attempt);
  if (body.kind === 'inline') pieces.push(body.bytes);
  else for await (const piece of body.open()) pieces.push(piece);
  return Buffer.concat(pieces);
}

function sizeOf({ rendered, signature }: Attempt): number {
  return (
    (signature?.field.byteLength ?? 0) +
    rendered.head.byteLength +
    CRLF.byteLength +
    (rendered.body.kind === 'inline' ? rendered.body.bytes.byteLength : rendered.body.size)
  );
}

/** Ends the attempt when the peer's answer to EHLO rules the message out. */
function checkFit(attempt: Attempt, { capabilities }: ClientSession, size: number): Outcome | undefined {
  const { name } = nameOf(attempt);
  if (needsUtf8(attempt.message, attempt.delivery.recipient) && !capabilities.smtpUtf8) {
    return failed(attempt, 'local', ownReply(553, '5.6.7', `An address of this message needs SMTPUTF8, which ${name} does not offer`));
  }
  if (capabilities.maxSize > 0 && size > capabilities.maxSize) {
    return failed(
      attempt,
      'local',
      ownReply(552, '5.3.4', `Message of ${size} bytes is larger than the ${capabilities.maxSize} that ${name} takes`),
    );
  }
  return undefined;
}

/**
 * Only addresses count. Headers in raw UTF-8 go to a peer without SMTPUTF8 as they are: RFC 6532 wants the extension, but such mail is common and
 * servers pass it. An address in UTF-8 names nobody without the extension.
 */
const needsUtf8 = (message: Message, recipient: string) => needsSmtpUtf8(message.sender) || needsSmtpUtf8(recipient);

function nameOf({ connection }: Attempt): { name: string; ip: string } {
  return { name: connection.mxHost ?? '', ip: connection.mxHostIp ?? '' };
}

/** `wasUsed`: the session had carried other messages. `hasBegun`: the peer had said go ahead. */
function afterFailure(
  attempt: Attempt,
  failure: SmtpFailure,
  { wasUsed, hasBegun }: { wasUsed: boolean; hasBegun: boolean },
  classify: ClassifyBounce,
): StepResult {
  const { stage, reply, kind } = failure;
  const beforeDot = stage !== 'dot';
  if (reply !== undefined) {
    if (reply.code === CLOSING && beforeDot && !attempt.isFresh) return again(attempt, wasUsed ? undefined : nameOf(attempt).ip);
    const meaning = meaningOf(attempt, stage, reply, classify);
    if (attempt.putOff !== undefined && meaning.severity === 'permanent' && isOfOneHost(meaning.category)) return attempt.putOff;
    return orNext(attempt, refusedByPeer(attempt, stage, reply, meaning), { stage, category: meaning.category, isTimeout: false });
  }
  if (!beforeDot) {
    const what = kind === 'confused' ? `No clear reply (${failure.message})` : 'No reply';
    const text = `${what} to the end of the message from ${nameOf(attempt).name}; it may have been delivered`;
    return unanswered(attempt, 'dot', ownReply(421, '4.4.2', text));
  }
  if (kind === 'aborted') return { kind: 'released' };
  // The peer may have closed while nothing was under way, or may still be answering the message before. That says nothing about this message. A peer
  // that closes after it answered MAIL does so because of this message or of all our mail. It is not asked again to find out which.
  const isLeftover = (kind === 'lost' && stage === 'mail') || (kind === 'confused' && !hasBegun);
  if (wasUsed && !attempt.isFresh && isLeftover) return again(attempt);
  const why = noReply(failure, nameOf(attempt));
  if (stage === 'local') return deferred(attempt, stage, why);
  return orNext(attempt, unanswered(attempt, stage, why), { stage, category: undefined, isTimeout: kind === 'timeout' });
}

/** Back for another host if that is worth it. Otherwise what this host said is the outcome. */
function orNext(attempt: Attempt, outcome: Ended, why: PutOff): StepResult {
  if (outcome.kind === 'failed' || attempt.leftBehind.size + 1 >= MAX_HOSTS_GIVEN || !decideNextHost(why)) return outcome;
  attempt.leftBehind.add(nameOf(attempt).ip);
  attempt.putOff = outcome;
  return 'reconnect';
}

/** Once more on a new connection, to another host than `leftBehind` where that is possible. */
function again(attempt: Attempt, leftBehind?: string): 'reconnect' {
  attempt.isFresh = true;
  if (leftBehind !== undefined) attempt.leftBehind.add(leftBehind);
  return 'reconnect';
}
