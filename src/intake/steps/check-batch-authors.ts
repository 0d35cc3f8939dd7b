/** In a batch, values of recipients may be in the names of authors: what they make of From, Sender and Reply-To is judged for each of them. */
import { setImmediate } from 'node:timers/promises';
import { compileAuthors, type HeadField, mergeRecipientOf, templateFields } from '#mail';
import { variablesOf } from '../batch/recipient-variables.js';
import type { Draft } from '../draft/draft.js';
import { refuseAuthors } from '../draft/refuse-authors.js';
import type { IntakeStep } from '../draft/step.js';

/** Recipients whose fields are made in one turn of the event loop. */
const TOGETHER = 16;

export const checkBatchAuthors: IntakeStep = async (draft, { directory }) => {
  const { account, recipients } = draft.submission;
  const fieldsFor = authorsFor(draft);
  if (fieldsFor === undefined) return draft;
  const judged = new Set<string>();
  for (const [index, recipient] of recipients.entries()) {
    if (index % TOGETHER === TOGETHER - 1) await setImmediate();
    const fields = fieldsFor(recipient).filter(({ raw }) => !judged.has(raw.toString('latin1')));
    for (const { raw } of fields) judged.add(raw.toString('latin1'));
    const refusal = await refuseAuthors({ fields }, account, directory);
    if (refusal !== undefined) return refusal;
  }
  return draft;
};

function authorsFor({
  head,
  merge,
  recipientVariables,
  recipientNames,
}: Draft): ((recipient: Draft['submission']['recipients'][number]) => HeadField[]) | undefined {
  if (merge === undefined || recipientVariables === undefined) return undefined;
  const make = compileAuthors(head, templateFields(merge.templateHeaders ?? [], merge.templateVariables ?? {}));
  return (
    make &&
    ((recipient) =>
      make(
        mergeRecipientOf({
          recipient,
          recipientName: recipientNames?.get(recipient),
          recipientVariables: variablesOf(recipientVariables, recipient),
        }),
      ))
  );
}
