/**
 * Hands one message to intake, and gives the reply for the client. The reply comes after the final dot: if intake refuses the message earlier, the
 * rest is read and thrown away first, within the size limit and the message deadline.
 */
import type { Logger } from 'pino';
import { type Address, type ReversePath, tooLarge } from '#core';
import type { Accepted, Intake, Submission } from '#intake';
import type { Submitter } from './decide-sender.js';
import type { MessageStream } from './message-stream.js';
import { isOurFault, makeReply, type Reply, replyFrom } from './reply.js';

export interface Envelope {
  submitter: Submitter;
  sender: ReversePath;
  recipients: Address[];
  remoteAddress: string;
  helo: string;
  protocol: Submission['protocol'];
}

export interface Received {
  /** Undefined if the client left before the final dot, so that nobody can be told. */
  reply: Reply | undefined;
  /** The connection must be closed after the reply, because the message did not end. */
  close: boolean;
  accepted?: Accepted;
  /** What was thrown, for the log. */
  error?: unknown;
}

/** A reply is one line, so it has only the names of the rules. */
const warningText = ({ warnings = [] }: Accepted): string =>
  warnings.length === 0 ? '' : ` (warnings: ${warnings.map(({ rule }) => rule).join(', ')})`;

export async function receiveMessage(envelope: Envelope, content: MessageStream, intake: Intake): Promise<Received> {
  const { submitter, sender, recipients, remoteAddress, helo, protocol } = envelope;
  try {
    const accepted = await intake.accept({
      account: submitter.account,
      domain: submitter.domain,
      method: 'smtp',
      isAuthenticated: submitter.isAuthenticated,
      remoteAddress,
      helo,
      protocol,
      sender,
      recipients,
      content,
      options: {},
      tags: [],
      userVariables: {},
    });
    return { reply: makeReply(250, '2.0.0', `Ok: queued as <${accepted.messageId}>${warningText(accepted)}`), close: false, accepted };
  } catch (thrown) {
    const rest = await content.drain();
    if (rest === 'dropped') return { reply: undefined, close: true, error: thrown };
    // Intake may have wrapped the stream's own error, which is more exact.
    const error = rest === 'over' ? tooLarge('message exceeds the size limit') : (content.failure ?? thrown);
    return { reply: replyFrom(error), close: rest === 'over', error };
  }
}

export interface ProtocolFacts {
  /** The client said EHLO. */
  extended: boolean;
  secure: boolean;
  isAuthenticated: boolean;
  /** MAIL named SMTPUTF8. */
  utf8: boolean;
}

/** The `with` protocol of a Received field (RFC 3848, RFC 6531 4.3). */
export function protocolName({ extended, secure, isAuthenticated, utf8 }: ProtocolFacts): Submission['protocol'] {
  if (utf8) return secure ? (isAuthenticated ? 'UTF8SMTPSA' : 'UTF8SMTPS') : isAuthenticated ? 'UTF8SMTPA' : 'UTF8SMTP';
  if (secure) return isAuthenticated ? 'ESMTPSA' : 'ESMTPS';
  if (isAuthenticated) return 'ESMTPA';
  return extended ? 'ESMTP' : 'SMTP';
}

export interface MessageLogFacts {
  session: string;
  ip: string;
  submitter: Submitter;
  recipients: number;
  /** Bytes that came in. */
  size: number;
  /** From 354 to the reply. */
  ms: number;
}

/** Writes one log line for a message that a submitter brought: its owner, its size, the answer. No addresses, no content. */
export function logMessage(logger: Logger, { submitter, ...facts }: MessageLogFacts, { reply, accepted, error }: Received): void {
  const fields = { ...facts, account: submitter.account, domain: submitter.domain.name, ms: Math.round(facts.ms) };
  if (accepted !== undefined) logger.info({ ...fields, code: 250, messageId: accepted.messageId }, 'message accepted');
  else if (reply === undefined) logger.info(fields, 'client left before the end of the message');
  else if (isOurFault(error)) logger.error({ ...fields, code: reply.code, err: error }, 'message not stored');
  else logger.info({ ...fields, code: reply.code, enhancedCode: reply.enhancedCode }, 'message refused');
}
