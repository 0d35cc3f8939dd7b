/**
 * Decides whom a client may send to: a submitter may send to anybody, a stranger to nobody yet. Pure. This keeps the server from being an open
 * relay.
 *
 * Mail of strangers for domains hosted here gets a temporary refusal, never a permanent one: if an MX record is published too early, no mail may be
 * lost and no sender may conclude that the address does not exist.
 */
import type { DomainRecord } from '#store';
import type { Submitter } from './decide-sender.js';
import type { EnvelopePath } from './parse-path.js';
import { makeReply, type Reply } from './reply.js';

export interface RecipientQuestion {
  path: EnvelopePath;
  /** MAIL named SMTPUTF8. */
  utf8: boolean;
  submitter: Submitter | undefined;
  /** The domain of the path, if it is hosted here. Not needed if there is a submitter. */
  hosted: DomainRecord | undefined;
}

/** The refusal, or undefined when the recipient is taken. `%` and `!` in a local part are letters like any other. */
export function decideRecipient({ path, utf8, submitter, hosted }: RecipientQuestion): Reply | undefined {
  switch (path.kind) {
    case 'null':
    case 'malformed':
      return makeReply(501, '5.1.3', 'Cannot parse to address');
    case 'source-route':
      return makeReply(550, '5.7.1', 'source routes are not accepted');
    case 'literal':
      return submitter === undefined ? relayingDenied() : makeReply(550, '5.1.2', 'address literals are not accepted');
    case 'postmaster':
      return notReceived();
    case 'address':
      if (path.utf8 && !utf8) return makeReply(553, '5.6.7', 'address needs SMTPUTF8');
      if (submitter !== undefined) return undefined;
      return hosted === undefined ? relayingDenied() : notReceived();
  }
}

const relayingDenied = () => makeReply(550, '5.7.1', 'relaying denied');
const notReceived = () => makeReply(450, '4.2.1', 'mail for this domain is not received here yet, try again later');
