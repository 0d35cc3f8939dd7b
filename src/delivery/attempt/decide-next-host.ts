/** Whether a message that one host put off is offered to the next one within the attempt, as Postfix does; pure. */
import type { BounceCategory } from '#config';
import type { Stage } from '#core';

/** Hosts that are given the message in one attempt (`smtp_mx_session_limit` of Postfix). */
export const MAX_HOSTS_GIVEN = 2;

/** They say the same of us, of the message or of the mailbox whichever host is asked, and asking more often makes it worse. */
const OF_THE_WHOLE_SITE: ReadonlySet<BounceCategory> = new Set<BounceCategory>([
  'rate-limited',
  'blocklisted',
  'reputation',
  'host-identity',
  'authentication',
  'spam-content',
  'unsafe-content',
  'policy',
  'too-large',
  'mailbox-full',
  'disabled-mailbox',
]);

/** A host that refuses so for good once another has put the message off may be a backup that is not set up for it: the other one is waited for. */
const OF_ONE_HOST: ReadonlySet<BounceCategory> = new Set<BounceCategory>(['relay-denied', 'routing', 'peer-trouble', 'protocol']);

export const isOfOneHost = (category: BounceCategory): boolean => OF_ONE_HOST.has(category);

export interface PutOff {
  stage: Stage;
  /** Of the reply; undefined: the session ended without one. */
  category: BounceCategory | undefined;
  /** A deadline passed: another host might make us wait as long. */
  isTimeout: boolean;
}

/** Never to be asked where the peer may hold the message already. */
export function decideNextHost({ stage, category, isTimeout }: PutOff): boolean {
  if (isTimeout) return false;
  // What is said to MAIL is said by this host: it is full, busy or shutting down.
  return category === undefined || stage === 'mail' || !OF_THE_WHOLE_SITE.has(category);
}
