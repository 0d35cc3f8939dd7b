/** The `recipient-variables` parameter of a send. Pure. */
import { badRequest } from '#core';
import type { Form } from '#http';
import { parseRecipientVariables, type RecipientVariables } from '#intake';

const NAME = 'recipient-variables';

/** Undefined when the parameter was not given; an empty object makes a batch, too. Refusal 400. */
export function readRecipientVariables(form: Form): RecipientVariables | undefined {
  if (form.files(NAME).length > 0) throw badRequest(`'${NAME}' parameter must not be a file`);
  const text = form.text(NAME);
  return text === undefined ? undefined : parseRecipientVariables(`'${NAME}' parameter`, text);
}
