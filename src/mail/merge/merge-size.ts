/** Computes whether a recipient's message of a batch keeps the size limits, before any of it is made. Pure. */
import { badRequest, type Refusal } from '#core';
import { messageLimits } from '../message-limits.js';
import { type FillSize, filledSize } from './fill-size.js';
import { type MergeRecipient, makeLookup, namesOf } from './merge-recipient.js';

export interface MergeSize {
  /** Bytes of the stored head and body. */
  stored: number;
  /** Sizes of all fields together, and of all texts together, that differ between recipients. */
  fields: FillSize;
  texts: FillSize;
  /** Size of each single text. */
  eachText: readonly FillSize[];
}

/**
 * Gives the bytes of all filled texts together. Throws Refusal (400, 552 5.3.4) that names the recipient if a text, the head or the whole message
 * would be too large. If values need encoding, the whole message may turn out larger than computed here.
 */
export function checkMergeSize({ stored, fields, texts, eachText }: MergeSize, recipient: MergeRecipient): number {
  const lookup = makeLookup(recipient);
  const isNested = hasNested(fields) || hasNested(texts);
  const names = namesOf(recipient, isNested);
  const head = filledSize(fields, names, lookup);
  if (head > messageLimits.head) throw tooLong('header fields', recipient, head, messageLimits.head);
  const all = filledSize(texts, names, lookup);
  const grown = stored + (head - fields.source) + (all - texts.source);
  if (grown > messageLimits.message) throw tooLong('message', recipient, grown, messageLimits.message);
  if (all > messageLimits.mergedTexts) throw tooLong('texts', recipient, all, messageLimits.mergedTexts);
  if (all <= messageLimits.mergedText) return all;
  for (const text of eachText) {
    const size = filledSize(text, names, lookup);
    if (size > messageLimits.mergedText) throw tooLong('text', recipient, size, messageLimits.mergedText);
  }
  return all;
}

const hasNested = ({ counts }: FillSize): boolean => [...counts.keys()].some((name) => name.indexOf('.') !== name.lastIndexOf('.'));

export const tooLong = (what: string, { address }: MergeRecipient, size: number, most: number): Refusal =>
  badRequest(`With 'recipient-variables' the ${what} for ${address} would be ${size} bytes, at most ${most} are allowed`, 552, '5.3.4');
