/** The `v:` parameters and the variables of `h:X-Mailgun-Variables`, by name. Pure. */

import type { Form } from '#http';
import { checkVariableName, parseVariables } from '#intake';

export const VARIABLES_HEADER = 'h:x-mailgun-variables';

/** A `v:` value is text, also when it looks like JSON; it wins over the header's. Refusal 400 naming the parameter. */
export function readUserVariables(form: Form): Record<string, unknown> {
  const header = form.names().filter((name) => name.toLowerCase() === VARIABLES_HEADER);
  const given = form.names().filter((name) => name.startsWith('v:'));
  for (const name of given) checkVariableName(name.slice(2));
  return Object.fromEntries([
    ...header.flatMap((name) => form.texts(name).flatMap((text) => Object.entries(parseVariables('h:X-Mailgun-Variables', text)))),
    ...given.map((name) => [name.slice(2), form.text(name)]),
  ]);
}
