/** Whether a message that one host put off is offered to the next one within the attempt, as Postfix does; pure. */
import type { BounceCategory } from '#config';
import type { Stage } from '#core';

/** Hosts that are given the message in one attempt (`smtp_mx_session_limit` of Postfix). */
export const MAX_HOSTS_GIVEN = 2;

/** Replies about us, the message or the mailbox: every host of the site says the same, and asking more often makes it worse. */
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

/** Final refusals that may come from a backup host that is not set up for the domain. When another host has put the message off, that one is waited for. */
const OF_ONE_HOST: ReadonlySet<BounceCategory> = new Set<BounceCategory>(['relay-denied', 'routing', 'peer-trouble', 'protocol']);

export const isOfOneHost = (category: BounceCategory): boolean => OF_ONE_HOST.has(category);

export interface PutOff {
  stage: Stage;
  /** Of the reply; undefined: the session ended without one. */
  category: BounceCategory | undefined;
  /** A deadline passed: another host might make us wait as long. */
  isTimeout: boolean;
}

/** Not for the case that the peer may already have the message. */
export function decideNextHost({ stage, category, isTimeout }: PutOff): boolean {
  if (isTimeout) return false;
  // A refusal of MAIL is about this host alone: it is full, busy or shutting down.
  return category === undefined || stage === 'mail' || !OF_THE_WHOLE_SITE.has(category);
}
