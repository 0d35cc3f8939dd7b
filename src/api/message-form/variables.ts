/** The variables of a send: the message's own (`v:`, and the header field `h:X-Mailgun-Variables`), and those of each recipient. Pure. */
import { badRequest } from '#core';
import type { Form } from '#http';
import { checkVariableName, parseRecipientVariables, parseVariables, type RecipientVariables } from '#intake';

export const VARIABLES_HEADER = 'h:x-mailgun-variables';
const RECIPIENT_VARIABLES = 'recipient-variables';

/** By name. A `v:` value is text, also when it looks like JSON; it wins over the header's. Refusal 400 naming the parameter. */
export function readUserVariables(form: Form): Record<string, unknown> {
  const header = form.names().filter((name) => name.toLowerCase() === VARIABLES_HEADER);
  const given = form.names().filter((name) => name.startsWith('v:'));
  for (const name of given) checkVariableName(name.slice(2));
  return Object.fromEntries([
    ...header.flatMap((name) => form.texts(name).flatMap((text) => Object.entries(parseVariables('h:X-Mailgun-Variables', text)))),
    ...given.map((name) => [name.slice(2), form.text(name)]),
  ]);
}

/** Undefined when the parameter was not given; an empty object makes a batch, too. Refusal 400. */
export function readRecipientVariablesParameter(form: Form): RecipientVariables | undefined {
  if (form.files(RECIPIENT_VARIABLES).length > 0) throw badRequest(`'${RECIPIENT_VARIABLES}' parameter must not be a file`);
  const text = form.text(RECIPIENT_VARIABLES);
  return text === undefined ? undefined : parseRecipientVariables(`'${RECIPIENT_VARIABLES}' parameter`, text);
}
