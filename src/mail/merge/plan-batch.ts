/** The plan of a batch as it is stored: with its placeholders, or with the stored template that makes its texts and fields. */
import type { Merge } from '#core';
import type { HeadField } from '../head/head-fields.js';
import { messageLimits } from '../message-limits.js';
import { textOfHtml } from '../read/text-of-html.js';
import { compileTemplate } from '../template/compile-template.js';
import { type MergePlan, planMerge, type TextSource } from './merge-plan.js';
import { type MergeRecipient, makeLookup } from './merge-recipient.js';
import { tooLong } from './merge-size.js';
import { renderForRecipient } from './render-for-recipient.js';
import { substituteText } from './substitute-texts.js';
import { templateFields } from './template-fields.js';

/** Rejects as `planMerge` does, and with TemplateError for a template that cannot be read. */
export async function planBatch(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { templateVariables, textFromHtml = false, templateHeaders = [] }: Merge = {},
): Promise<MergePlan> {
  if (templateVariables === undefined) return planMerge(head, body);
  const fields = templateFields(templateHeaders, templateVariables);
  return planMerge(head, body, { text: templateSource(templateVariables, textFromHtml), fields });
}

/**
 * Texts of a batch that is a stored template, rendered for each recipient with their values in the template's variables and in what it gives. The
 * HTML part is a source, and with `textFromHtml` the plain text part has that source too; other texts have placeholders only. What it gives throws
 * TemplateError: at once for a source that cannot be read, later for one that does too much with a recipient's values.
 */
function templateSource(variables: Readonly<Record<string, unknown>>, textFromHtml: boolean): TextSource {
  return (source, kind) => {
    if (kind === 'other' || (kind === 'text' && !textFromHtml)) return (recipient) => fillOther(source, recipient);
    const template = compileTemplate(source);
    return (recipient) => {
      const html = renderForRecipient(template, variables, recipient);
      return kind === 'text' ? `${textOfHtml(html)}\n` : html;
    };
  };
}

function fillOther(source: string, recipient: MergeRecipient): string {
  const text = substituteText(source, makeLookup(recipient), messageLimits.mergedText);
  if (text.length > messageLimits.mergedText) throw tooLong('text', recipient, text.length, messageLimits.mergedText);
  return text;
}
