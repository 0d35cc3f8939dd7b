/** One log line per message that a submitter brought: whose, how big, what was answered. No addresses, no content. */
import type { Logger } from 'pino';
import type { Submitter } from './decide-sender.js';
import type { Received } from './receive-message.js';
import { isOurFault } from './reply.js';

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

export function logMessage(logger: Logger, { submitter, ...facts }: MessageLogFacts, { reply, accepted, error }: Received): void {
  const fields = { ...facts, account: submitter.account, domain: submitter.domain.name, ms: Math.round(facts.ms) };
  if (accepted !== undefined) logger.info({ ...fields, code: 250, messageId: accepted.messageId }, 'message accepted');
  else if (reply === undefined) logger.info(fields, 'client left before the end of the message');
  else if (isOurFault(error)) logger.error({ ...fields, code: reply.code, err: error }, 'message not stored');
  else logger.info({ ...fields, code: reply.code, enhancedCode: reply.enhancedCode }, 'message refused');
}
