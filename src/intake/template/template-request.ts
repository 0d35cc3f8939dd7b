/** Which stored template makes a message's texts, as it was asked for beside the message or in its X-Mailgun-Template-* fields. Pure. */
import { badRequest, cleanText, parseJsonObject } from '#core';

export interface TemplateRequest {
  /** `''`: none was named. */
  name: string;
  /** The active version unless given. */
  version?: string;
  /** Make a plain text too, where the message has none (`t:text`). */
  text?: boolean;
  /** `t:variables`; they win over user variables. */
  variables?: Record<string, unknown>;
}

/** The request with what one field says; what was asked before wins. `name` is the field's without `x-mailgun-`; undefined: no field of templates. */
export function withTemplateField(
  asked: TemplateRequest | undefined,
  name: string,
  field: string,
  value: string,
): TemplateRequest | undefined {
  const before = asked ?? { name: '' };
  switch (name) {
    case 'template-name':
      return before.name === '' ? { ...before, name: value.trim() } : before;
    case 'template-version':
      return { ...before, version: before.version ?? value.trim() };
    case 'template-variables':
      return { ...before, variables: { ...parseJsonObject(field, value), ...before.variables } };
    default:
      return undefined;
  }
}

/** Refusal 400 when something was asked of a template but none was named. */
export function checkTemplateRequest(asked: TemplateRequest, names: { template: string; options: string }): void {
  if (asked.name === '') throw badRequest(`${cleanText(names.options)} needs a template ('${names.template}')`);
}
