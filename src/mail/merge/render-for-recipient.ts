/** Renders a template with a recipient's values in its variables, and fills the placeholders of what comes of it. What a value holds is never filled. */
import type { Template } from '../template/compile-template.js';
import { type MergeRecipient, makeLookup } from './merge-recipient.js';
import { type Lookup, SIGN } from './placeholders.js';
import { substituteText, substituteTexts } from './substitute-texts.js';

/** What begins a placeholder, within a value. */
const NOT_A_SIGN = SIGN.replace('%', '%\0');

/** Throws TemplateError. */
export function renderForRecipient(template: Template, variables: Readonly<Record<string, unknown>>, recipient: MergeRecipient): string {
  const lookup = makeLookup(recipient);
  const marked: Lookup = (name) => lookup(name)?.replaceAll(SIGN, NOT_A_SIGN);
  const text = template.render(substituteTexts({ ...variables }, marked));
  return substituteText(text, lookup).replaceAll(NOT_A_SIGN, SIGN);
}
