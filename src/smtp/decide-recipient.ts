/**
 * Whom mail may be sent to: anybody for a submitter, nobody yet for a stranger. Pure; this is what keeps the server from being an open relay.
 *
 * Mail of strangers for domains hosted here is put off, never refused for good: an MX that was set too early must cost no mail and no address.
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
  /** The domain of the path when it is hosted here; not needed when there is a submitter. */
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
