/**
 * Brings recipient variables together from the places they may be in, highest first: the container, the X-Mailgun-Recipient-Variables field, the
 * parameter (manual page "Batch sending"). The field is removed, so that no recipient sees the others.
 */
import { Refusal } from '#core';
import { decodeHeaderText } from '#mail';
import { mergeRecipientVariables, NO_VARIABLES, parseRecipientVariables } from '../batch/recipient-variables.js';
import type { IntakeStep } from '../draft/step.js';
import { wasSentBefore } from '../options/header-form.js';

const FIELD = 'x-mailgun-recipient-variables';

export const readRecipientVariables: IntakeStep = (draft) => {
  const fields = wasSentBefore(draft.head) ? [] : draft.head.filter((field) => field.lowerName === FIELD);
  if (fields.length === 0 && draft.container === undefined) return draft;
  try {
    // Of fields of one name the topmost wins.
    const given = fields.map(({ name, value }) => parseRecipientVariables(`'${name}'`, decodeHeaderText(value))).reverse();
    const recipientVariables = [...given, ...(draft.container === undefined ? [] : [draft.container])].reduce(
      mergeRecipientVariables,
      draft.recipientVariables ?? NO_VARIABLES,
    );
    return { ...draft, recipientVariables, head: draft.head.filter((field) => !fields.includes(field)) };
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};
