/** HTML of a batch that is a stored template: rendered for each recipient, with their values in the template's variables and in what it gives. */
import { messageLimits } from '../message-limits.js';
import { textOfHtml } from '../read/text-of-html.js';
import { compileTemplate } from '../template/compile-template.js';
import type { TextSource } from './merge-plan.js';
import { type MergeRecipient, makeLookup } from './merge-recipient.js';
import { tooLong } from './merge-size.js';
import { renderForRecipient } from './render-for-recipient.js';
import { substituteText } from './substitute-texts.js';

/**
 * The HTML part is a source, and with `textFromHtml` the plain text part is the same one; other texts have placeholders only. What it gives throws
 * TemplateError: at once for a source that cannot be read, later for one that does too much with a recipient's values.
 */
export function templateSource(variables: Readonly<Record<string, unknown>>, textFromHtml: boolean): TextSource {
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
