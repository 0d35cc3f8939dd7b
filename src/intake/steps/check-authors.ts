/** Who is named as author: fields that may be understood differently are written anew, and nobody sends as somebody else's domain. */
import { setImmediate } from 'node:timers/promises';
import { badRequest } from '#core';
import { compileAuthors, type HeadField, isAuthorField, makeField, mergeRecipientOf, readAddressList, templateFields } from '#mail';
import { variablesOf } from '../batch/recipient-variables.js';
import type { Draft } from '../draft/draft.js';
import { refuseAuthors } from '../draft/refuse-authors.js';
import type { IntakeStep } from '../draft/step.js';

/**
 * From, Sender and Reply-To that readers may understand differently (`ceo@victim.example <a@mine.example>`, groups, comments with addresses) are
 * written anew: names quoted, one address each. What cannot be read at all is left to checkSender.
 */
export const clarifyAuthors: IntakeStep = (draft) => {
  const head = draft.head.map((field) => {
    const list = isAuthorField(field) ? readAddressList(field.value) : undefined;
    return list === undefined || list.isPlain || list.mailboxes.length === 0 ? field : makeField(field.name, field.value);
  });
  return { ...draft, head };
};

/** Of two, some readers see the first and some the last. */
const ONCE = ['from', 'sender'];

/** Every address of From and Sender, and every address in a name, at a domain hosted here must be the account's own. */
export const checkSender: IntakeStep = async (draft, { directory }) => {
  const { account, sender } = draft.submission;
  const fields = draft.head.filter(isAuthorField);
  for (const once of ONCE) {
    const [, second] = fields.filter(({ lowerName }) => lowerName === once);
    if (second !== undefined) return badRequest(`Message has more than one ${second.name} header`);
  }
  return (await refuseAuthors({ sender, fields }, account, directory)) ?? draft;
};

/** Recipients whose fields are made in one turn of the event loop. */
const TOGETHER = 16;

/** In a batch, values of recipients may be in the names of authors: what they make of From, Sender and Reply-To is judged for each of them. */
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
