/** Makes the plan of a batch, either from its placeholders, or from the stored template that makes its texts and fields. */
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

/** Rejects like `planMerge`, and with TemplateError if the template cannot be read. */
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
 * Makes the texts of a batch that uses a stored template. For each recipient their values are put into the template's variables and into the
 * rendered text. The HTML part holds the template's source; with `textFromHtml` the plain text is made from it as well. In all other texts only
 * placeholders are filled. Throws TemplateError at once if the source cannot be read; rendering throws it if a recipient's values make the template
 * do too much.
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
