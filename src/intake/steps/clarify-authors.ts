/**
 * From, Sender and Reply-To that readers may understand differently (`ceo@victim.example <a@mine.example>`, groups, comments with addresses) are
 * written anew: names quoted, one address each. What cannot be read at all is left to the step that judges it.
 */
import { isAuthorField, makeField, readAddressList } from '#mail';
import type { IntakeStep } from '../draft/step.js';

export const clarifyAuthors: IntakeStep = (draft) => {
  const head = draft.head.map((field) => {
    const list = isAuthorField(field) ? readAddressList(field.value) : undefined;
    return list === undefined || list.isPlain || list.mailboxes.length === 0 ? field : makeField(field.name, field.value);
  });
  return { ...draft, head };
};
