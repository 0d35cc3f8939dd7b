/**
 * Makes a message with recipient variables the pattern of a batch: in what is sent each recipient is alone in To, whoever the others are, unless To
 * itself has placeholders. Copies (`cc`, `bcc`) are recipients like the others, so no field names them.
 */
import { type Address, Refusal } from '#core';
import { decodeHeaderText, type HeadField, hasPlaceholder, makeField, parseAddressList, planMerge } from '#mail';
import type { Step } from '../step.js';

const ALONE = makeField('To', '%recipient%');
const OTHER_RECIPIENTS = new Set(['cc', 'resent-to', 'resent-cc']);

export const makeBatch: Step = async (draft, { spool }) => {
  if (draft.recipientVariables === undefined) return draft;
  const isFilled = ({ value }: HeadField) => hasPlaceholder(decodeHeaderText(value));
  const others = draft.head.filter((field) => !OTHER_RECIPIENTS.has(field.lowerName) || isFilled(field));
  const hasTo = others.some((field) => field.lowerName === 'to');
  const head = hasTo ? others.map((field) => (field.lowerName === 'to' && !isFilled(field) ? ALONE : field)) : [ALONE, ...others];
  try {
    // Small texts can always be merged.
    if (draft.body.kind === 'file') await planMerge(head, spool.openBody(draft.body));
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return { ...draft, head, merge: draft.merge ?? {}, recipientNames: namesIn(draft.head) };
};

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
