/**
 * Makes a message with recipient variables the pattern of a batch: in what is sent each recipient is alone in To, whoever the others are, unless To
 * itself has placeholders. Copies (`cc`, `bcc`) are recipients like the others, so no field names them.
 */
import { type Address, Refusal } from '#core';
import { decodeHeaderText, firstValue, type HeadField, hasPlaceholder, makeField, parseAddressList, planMerge } from '#mail';
import type { SpoolStore } from '#store';
import type { Draft } from '../draft.js';
import type { Step } from '../step.js';

const ALONE = makeField('To', '%recipient%');
const NAMES_RECIPIENTS = new Set(['to', 'cc', 'resent-to', 'resent-cc']);

export const makeBatch: Step = (draft, { spool }) => (draft.recipientVariables === undefined ? draft : asBatch(draft, spool));

async function asBatch(draft: Draft, spool: Pick<SpoolStore, 'openBody'>): Promise<Draft | Refusal> {
  const head = withoutOthers(draft.head);
  try {
    // A small text can always be merged, unless it is part of something signed.
    if (draft.body.kind === 'file' || isMultipart(draft)) await planMerge(head, spool.openBody(draft.body));
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return { ...draft, head, merge: draft.merge ?? {}, recipientNames: namesIn(draft.head) };
}

const isMultipart = ({ head }: Draft): boolean => /^[ \t]*multipart\//i.test(firstValue(head, 'content-type') ?? '');

/** Fields that name recipients stay where they have placeholders; in place of the first To that has none, or at the top, stands the recipient alone. */
function withoutOthers(head: readonly HeadField[]): HeadField[] {
  const isFilled = ({ value }: HeadField) => hasPlaceholder(decodeHeaderText(value));
  const tos = head.filter((field) => field.lowerName === 'to');
  const replaced = tos.some(isFilled) ? undefined : tos[0];
  const kept = head.filter((field) => field === replaced || !NAMES_RECIPIENTS.has(field.lowerName) || isFilled(field));
  if (tos.length === 0) return [ALONE, ...kept];
  return kept.map((field) => (field === replaced ? ALONE : field));
}

/** Display names of those whom To and Cc name. */
function namesIn(head: readonly HeadField[]): Map<Address, string> {
  const fields = head.filter(({ lowerName }) => lowerName === 'to' || lowerName === 'cc');
  const mailboxes = fields.flatMap(({ value }) => parseAddressList(value) ?? []);
  // The first name that is given counts.
  return new Map(
    mailboxes
      .filter(({ name }) => name !== '')
      .reverse()
      .map(({ address, name }) => [address, name]),
  );
}
