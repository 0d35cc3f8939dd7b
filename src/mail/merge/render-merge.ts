/** Makes one recipient's message of a batch, from the batch's plan and the stored body. */

import { messageLimits } from '../message-limits.js';
import { type BodyPatch, patchStream, patchWhole } from '../mime/body-patch.js';
import type { MergePlan } from './merge-plan.js';
import type { MergeRecipient } from './merge-recipient.js';
import { checkMergeSize, tooLong } from './merge-size.js';

export interface MergedMessage {
  /** Whole fields with CRLF, without the empty line after them. */
  head: Uint8Array;
  /** False if the body equals the stored one. */
  isBodyChanged: boolean;
  /** The ranges that differ from the stored body, in order. */
  patches: readonly BodyPatch[];
  /** Makes the recipient's body, from the whole stored body. */
  body(stored: Uint8Array): Uint8Array;
  /** Makes the recipient's body in bounded memory, from the stored body as a stream. */
  stream(stored: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

const LF = 0x0a;
const CRLF = Buffer.from('\r\n');
const SOFT_LINE_BREAK = Buffer.from('=\r\n');

/** Throws Refusal (400, 552 5.3.4) if the message is over the size limits. Also throws what a stored template throws (see `TemplateParts`). */
export function renderMerge(plan: MergePlan, recipient: MergeRecipient): MergedMessage {
  checkMergeSize(plan.size, recipient);
  let wholeBody: keyof MergePlan['head'] = 'as it is';
  const patches = plan.cuts.map(({ start, end, text, head }): BodyPatch => {
    const { encoding, bytes } = text.make(recipient);
    wholeBody = encoding;
    const isCut = end === plan.bodySize && bytes.at(-1) !== LF && bytes.byteLength > 0;
    const lineEnd = !isCut ? [] : [encoding === 'quoted-printable' ? SOFT_LINE_BREAK : CRLF];
    return { start, end, bytes: [head[encoding], bytes, ...lineEnd] };
  });
  // The encoding is declared in the message's own head only if one text is the whole body.
  const pieces = plan.head[wholeBody].map((piece) => ('make' in piece ? piece.make(recipient)?.raw : piece));
  const head = Buffer.concat(pieces.filter((piece) => piece !== undefined));
  if (head.byteLength > messageLimits.head) throw tooLong('header fields', recipient, head.byteLength, messageLimits.head);
  const grown = patches.reduce((sum, { start, end, bytes }) => sum + start - end + sizeOf(bytes), 0);
  const size = head.byteLength + 2 + plan.bodySize + grown;
  if (size > messageLimits.message) throw tooLong('message', recipient, size, messageLimits.message);
  return mergedMessage(head, patches);
}

/** `patches` are in order and do not overlap. */
export const mergedMessage = (head: Uint8Array, patches: readonly BodyPatch[]): MergedMessage => ({
  head,
  isBodyChanged: patches.length > 0,
  patches,
  body: (stored) => patchWhole(stored, patches),
  stream: (stored) => patchStream(stored, patches),
});

const sizeOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
