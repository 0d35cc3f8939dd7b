/**
 * Makes a message with recipient variables the pattern of a batch: in what is sent each recipient is alone in To, whoever the others are, unless To
 * itself has placeholders. Copies (`cc`, `bcc`) are recipients like the others, so no field names them.
 */
import { setImmediate } from 'node:timers/promises';
import { type Address, Refusal } from '#core';
import {
  checkMergeSize,
  decodeHeaderText,
  type HeadField,
  hasPlaceholder,
  type MergePlan,
  makeField,
  parseAddressList,
  planMerge,
} from '#mail';
import type { SpoolStore } from '#store';
import { NO_VARIABLES, variablesOf } from '../batch/recipient-variables.js';
import type { Draft } from '../draft/draft.js';
import type { IntakeStep } from '../draft/step.js';

const ALONE = makeField('To', '%recipient%');
const NAMES_RECIPIENTS = new Set(['to', 'cc', 'resent-to', 'resent-cc']);

export const makeBatch: IntakeStep = (draft, { spool }) => (draft.recipientVariables === undefined ? draft : asBatch(draft, spool));

async function asBatch(draft: Draft, spool: Pick<SpoolStore, 'openBody'>): Promise<Draft | Refusal> {
  const head = withoutOthers(draft.head);
  const recipientNames = namesIn(draft.head);
  const batch = { ...draft, head, merge: draft.merge ?? {}, recipientNames };
  try {
    const plan = await planMerge(head, draft.body.kind === 'inline' ? [draft.body.bytes] : spool.openBody(draft.body));
    // What a template makes of it only rendering tells.
    if (draft.merge === undefined) await checkSizes(batch, plan);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return batch;
}

/** Bytes of variables that are counted in one turn of the event loop, about. */
const TOGETHER = 256 * 1024;

/** Throws Refusal for the first recipient whose message would be too large. */
async function checkSizes({ submission, recipientVariables = NO_VARIABLES, recipientNames }: Draft, { size }: MergePlan): Promise<void> {
  let counted = 0;
  for (const recipient of submission.recipients) {
    const variables = variablesOf(recipientVariables, recipient);
    counted += checkMergeSize(size, { address: recipient, name: recipientNames?.get(recipient) ?? '', variables });
    if (counted < TOGETHER) continue;
    counted = 0;
    await setImmediate();
  }
}

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
