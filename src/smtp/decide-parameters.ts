/** Which parameters of MAIL and RCPT are taken: those announced in the reply to EHLO, and nothing is ignored that would change what happens. */
import { makeReply, type Reply } from './reply.js';

export interface MailParameters {
  /** The message uses SMTPUTF8 (RFC 6531). */
  utf8: boolean;
}

const isAnnounced = new Set(['SIZE', 'BODY', 'SMTPUTF8', 'AUTH']);

/** A refusal, or what the parameters ask for. AUTH= is taken and not used, as RFC 4954 5 allows for whom we do not trust to name others. */
export function decideMailParameters(parameters: Map<string, string>, maxBytes: number): Reply | MailParameters {
  for (const keyword of parameters.keys()) {
    if (!isAnnounced.has(keyword)) return makeReply(555, '5.5.4', 'parameter is not supported');
  }
  const size = parameters.get('SIZE');
  if (size !== undefined) {
    if (!/^\d{1,20}$/.test(size)) return makeReply(501, '5.5.4', 'bad SIZE');
    if (Number(size) > maxBytes) return makeReply(552, '5.3.4', `message exceeds the size limit of ${maxBytes} bytes`);
  }
  const body = parameters.get('BODY');
  if (body !== undefined && !/^(?:7BIT|8BITMIME)$/i.test(body)) return makeReply(501, '5.5.4', 'BODY is 7BIT or 8BITMIME');
  if ((parameters.get('SMTPUTF8') ?? '') !== '') return makeReply(501, '5.5.4', 'SMTPUTF8 takes no value');
  if (parameters.get('AUTH') === '') return makeReply(501, '5.5.4', 'AUTH needs a value');
  return { utf8: parameters.has('SMTPUTF8') };
}

/** RCPT has no parameters while DSN (RFC 3461) is not announced. */
export function decideRecipientParameters(parameters: Map<string, string>): Reply | undefined {
  return parameters.size === 0 ? undefined : makeReply(555, '5.5.4', 'parameter is not supported');
}
