/** Decides which sender a client may name in MAIL, and whose mail it is then. Pure; the caller looks the domains up. */
import type { DomainRecord } from '#store';
import type { EnvelopePath } from './parse-path.js';
import { makeReply, type Reply } from './reply.js';

/** The owner of the message: the account is charged, and the message belongs to the domain. */
export interface Submitter {
  account: number;
  domain: DomainRecord;
  isAuthenticated: boolean;
}

export interface SenderFacts {
  path: EnvelopePath;
  /** MAIL named SMTPUTF8. */
  utf8: boolean;
  /** The domain of the credential that logged in, as it is now. */
  login: DomainRecord | undefined;
  /** The client is in a trusted network. */
  isTrusted: boolean;
  /** The domain of the path when it is hosted here, whoever owns it. */
  hosted: DomainRecord | undefined;
}

/** `submitter` is undefined for a stranger, who may bring mail for domains hosted here, and may not relay. */
export type SenderDecision = { submitter: Submitter | undefined } | { refusal: Reply };

export function decideSender({ path, utf8, login, isTrusted, hosted }: SenderFacts): SenderDecision {
  const bad = refuseSenderPath(path, utf8);
  if (bad !== undefined) return { refusal: bad };
  if (login !== undefined) {
    if (hosted !== undefined && hosted.account !== login.account) {
      return { refusal: makeReply(550, '5.7.1', 'sender address is not yours') };
    }
    return { submitter: { account: login.account, domain: login, isAuthenticated: true } };
  }
  if (isTrusted && hosted !== undefined) {
    if (hosted.state === 'disabled') return { refusal: makeReply(550, '5.7.1', 'sender domain is disabled') };
    return { submitter: { account: hosted.account, domain: hosted, isAuthenticated: false } };
  }
  return { submitter: undefined };
}

function refuseSenderPath(path: EnvelopePath, utf8: boolean): Reply | undefined {
  switch (path.kind) {
    case 'null':
      return undefined;
    case 'address':
      return path.utf8 && !utf8 ? makeReply(553, '5.6.7', 'address needs SMTPUTF8') : undefined;
    case 'literal':
      // A bounce to such an address could never be sent.
      return makeReply(553, '5.1.8', 'sender address literals are not accepted');
    case 'source-route':
      return makeReply(550, '5.7.1', 'source routes are not accepted');
    case 'postmaster':
    case 'malformed':
      return makeReply(501, '5.1.7', 'Cannot parse from address');
  }
}
