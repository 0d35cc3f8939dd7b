/** The `v:` parameters and the variables of `h:X-Mailgun-Variables`, by name. Pure. */
import { badRequest, cleanText } from '#core';
import { parseVariables } from '#intake';
import type { Form } from '../body/form.js';

export const VARIABLES_HEADER = 'h:x-mailgun-variables';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const NAME = /^(?!__proto__$)[^\u0000-\u001f\u007f]{1,256}$/;

/** A `v:` value is text, also when it looks like JSON; it wins over the header's. Refusal 400 naming the parameter. */
export function readUserVariables(form: Form): Record<string, unknown> {
  const header = form.names().filter((name) => name.toLowerCase() === VARIABLES_HEADER);
  const given = form.names().filter((name) => name.startsWith('v:'));
  const pairs: [string, unknown][] = [
    ...header.flatMap((name) => form.texts(name).flatMap((text) => Object.entries(parseVariables('h:X-Mailgun-Variables', text)))),
    ...given.map((name): [string, unknown] => [name.slice(2), form.text(name)]),
  ];
  const bad = pairs.find(([name]) => !NAME.test(name));
  if (bad) throw badRequest(`'v:${cleanText(bad[0])}' is not a valid name of a variable`);
  return Object.fromEntries(pairs);
}
