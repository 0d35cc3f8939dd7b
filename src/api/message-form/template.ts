/** The `template` and `t:` parameters of a send. Pure. */
import { badRequest, cleanText, parseJsonObject } from '#core';
import type { Form } from '#http';
import type { TemplateRequest } from '#intake';

const OPTIONS = new Set(['t:version', 't:text', 't:variables']);

/** Undefined when there is none. Refusal 400 naming the parameter: `t:` without `template`, an unknown `t:`, bad JSON. */
export function readTemplateRequest(form: Form): TemplateRequest | undefined {
  const options = form.names().filter((name) => name.startsWith('t:'));
  const unknown = options.find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw badRequest(`'${cleanText(unknown)}' is not a template option`);
  const name = form.text('template');
  if (name === undefined) {
    if (options[0] !== undefined) throw badRequest(`'${options[0]}' needs a template ('template')`);
    return undefined;
  }
  if (form.text('html') !== undefined) throw badRequest("Only one parameters 'html' or 'template' is allowed");
  const variables = form.text('t:variables');
  return {
    name,
    version: form.text('t:version'),
    text: form.flag('t:text') ?? false,
    ...(variables === undefined ? {} : { variables: parseJsonObject('t:variables', variables) }),
  };
}
