/** Why a session with a peer ended without success: where, with which reply, or with none. */
import { cleanText, parseSmtpReply, type SmtpReply, type Stage } from '#core';

/** What is told of a deadline that passed, whoever kept it. */
export const TIMED_OUT = 'timed out';

export class SmtpFailure extends Error {
  override readonly name = 'SmtpFailure';
  readonly stage: Stage;
  /** What the peer said; absent when it said nothing that could be read. */
  readonly reply: SmtpReply | undefined;
  /**
   * `timeout`: a deadline passed. `aborted`: this server is stopping. `confused`: the peer said what answers nothing that was asked. `looped`: the peer
   * is this server. `lost`: everything else that is not a reply.
   */
  readonly kind: 'reply' | 'timeout' | 'confused' | 'looped' | 'lost' | 'aborted';
  /** What was said until then, of a session that could not be set up. */
  transcript = '';

  constructor(fields: { stage: Stage; kind: SmtpFailure['kind']; reply?: SmtpReply; text: string; cause?: unknown }) {
    super(cleanText(fields.text), { cause: fields.cause });
    this.stage = fields.stage;
    this.kind = fields.kind;
    this.reply = fields.reply;
  }
}

const STAGE_OF_COMMAND: Record<string, Stage> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STARTTLS: 'tls',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt',
  DATA: 'data',
};

/** Reads an error of the SMTP library. `stage` is where the session stood when it came. */
export function failureFrom(error: Error, stage: Stage): SmtpFailure {
  const fields = error as Error & { code?: string; originalCode?: string; command?: string; response?: unknown };
  const reply = typeof fields.response === 'string' ? parseSmtpReply(fields.response) : undefined;
  const where = stageOf(fields, stage);
  // The message's own bytes could not be had; what the disk says is nobody else's business.
  if (fields.code === 'ESTREAM')
    return new SmtpFailure({ stage: 'local', kind: 'lost', text: 'the stored message could not be read', cause: error });
  if (reply && reply.code >= 400) return new SmtpFailure({ stage: where, kind: 'reply', reply, text: `${reply.code} ${reply.text}` });
  const kind = KINDS[fields.code ?? ''] ?? 'lost';
  return new SmtpFailure({ stage: where, kind, text: kind === 'timeout' ? TIMED_OUT : error.message });
}

const KINDS: Record<string, SmtpFailure['kind']> = { ETIMEDOUT: 'timeout', EPROTOCOL: 'confused' };

function stageOf(error: { code?: string; originalCode?: string; command?: string }, stage: Stage): Stage {
  // With TLS 1.3 a peer that dislikes our side of the handshake says so after we think it is done.
  if (error.code === 'ETLS' || (stage === 'ehlo' && error.originalCode?.startsWith('ERR_SSL_'))) return 'tls';
  if (error.code === 'EMESSAGE') return 'dot';
  if (error.code === 'EAUTH') return 'auth';
  return STAGE_OF_COMMAND[error.command ?? ''] ?? stage;
}
