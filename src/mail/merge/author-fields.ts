/**
 * From, Sender and Reply-To of a batch as each recipient will see them. They are made first, so that they can be checked before anything is sent.
 */
import type { HeadField } from '../head/head-fields.js';
import { TemplateError } from '../template/template-error.js';
import { compileField } from './merge-field.js';
import type { FieldMaker, MergeRecipient } from './merge-recipient.js';
import type { TemplateFieldMaker } from './template-fields.js';

const AUTHOR_FIELDS = ['from', 'sender', 'reply-to'];

export const isAuthorField = ({ lowerName }: HeadField): boolean => AUTHOR_FIELDS.includes(lowerName);

/**
 * Undefined if all recipients get the same fields. For a recipient whose template fields cannot be made there are no fields, and nothing is sent.
 */
export function compileAuthors(
  head: readonly HeadField[],
  ofTemplate: ReadonlyMap<string, TemplateFieldMaker>,
): ((recipient: MergeRecipient) => HeadField[]) | undefined {
  const makers = head.filter(isAuthorField).flatMap((field): FieldMaker[] => {
    const made = ofTemplate.get(field.lowerName);
    return [made === undefined ? compileField(field)?.make : (recipient: MergeRecipient) => made(recipient, field)].filter(
      (maker) => maker !== undefined,
    );
  });
  for (const name of AUTHOR_FIELDS) {
    const made = head.some(({ lowerName }) => lowerName === name) ? undefined : ofTemplate.get(name);
    if (made !== undefined) makers.push((recipient) => made(recipient, undefined));
  }
  if (makers.length === 0) return undefined;
  return (recipient) => {
    try {
      return makers.flatMap((make) => make(recipient) ?? []);
    } catch (error) {
      if (error instanceof TemplateError) return [];
      throw error;
    }
  };
}
