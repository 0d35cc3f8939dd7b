/** What events of a batch say of its message: to each recipient it is a message of their own, with their values and nobody else's. Pure. */
import type { Delivery, Message, MessageFacts } from '#core';
import { makeLookup, mergeRecipientOf, substituteText, substituteTexts } from '#mail';

/** Values may be long; texts of an event are not. */
const MAX_TEXT = 1000;

export type EventRecipient = Pick<Delivery, 'recipient'> & {
  recipientName?: string | undefined;
  recipientVariables?: Record<string, unknown> | undefined;
};

/** The facts themselves when the message is no batch. */
export function recipientFacts({ facts, merge }: Message, to: EventRecipient): MessageFacts {
  if (merge === undefined) return facts;
  const lookup = makeLookup(mergeRecipientOf(to));
  const filled = (text: string) => substituteText(text, lookup).slice(0, MAX_TEXT);
  const { headers } = facts;
  return {
    ...facts,
    headers: { ...headers, to: filled(headers.to), from: filled(headers.from), subject: filled(headers.subject) },
    userVariables: substituteTexts(facts.userVariables, lookup),
  };
}
