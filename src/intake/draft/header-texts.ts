/** The header texts that events show of a message, decoded. Pure. */
import type { MessageFacts } from '#core';
import { decodeHeaderText, firstValue, type HeadField } from '#mail';

/** Texts are cut here, so that an event does not grow with the number of recipients. */
const MAX_TEXT = 1000;

export function headerTexts(head: readonly HeadField[]): Omit<MessageFacts['headers'], 'messageId'> {
  const text = (name: string) => decodeHeaderText(firstValue(head, name) ?? '').slice(0, MAX_TEXT);
  return { to: text('to'), from: text('from'), subject: text('subject') };
}
