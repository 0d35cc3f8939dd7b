/**
 * Renders a template with a recipient's values in its variables, then fills the placeholders in the result. Placeholders inside a value are never
 * filled.
 */
import type { Template } from '../template/compile-template.js';
import { TemplateError } from '../template/template-error.js';
import { templateLimits } from '../template/template-limits.js';
import { type MergeRecipient, makeLookup } from './merge-recipient.js';
import { type Lookup, SIGN } from './placeholders.js';
import { substituteText, substituteTexts } from './substitute-texts.js';

/** Replaces the beginning of a placeholder inside a value, so that it is not filled. */
const NOT_A_SIGN = SIGN.replace('%', '%\0');

/** Throws TemplateError. */
export function renderForRecipient(template: Template, variables: Readonly<Record<string, unknown>>, recipient: MergeRecipient): string {
  const lookup = makeLookup(recipient);
  const marked: Lookup = (name) => lookup(name)?.replaceAll(SIGN, NOT_A_SIGN);
  const budget = { left: templateLimits.output };
  const filled = substituteTexts({ ...variables }, marked, budget);
  if (budget.left < 0) throw tooLong('its variables are');
  const text = substituteText(template.render(filled), lookup, templateLimits.output);
  if (text.length > templateLimits.output) throw tooLong('the result is');
  return text.replaceAll(NOT_A_SIGN, SIGN);
}

const tooLong = (what: string) => new TemplateError(`${what} longer than ${templateLimits.output} characters with the recipient's values`);
