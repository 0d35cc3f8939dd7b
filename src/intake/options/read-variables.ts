/** Reads user variables, which SMTP and HTTP clients give as a JSON object by name. Pure. */
import { badRequest, cleanText, parseJsonObject } from '#core';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const NAME = /^(?!__proto__$)[^\u0000-\u001f\u007f]{1,256}$/;

/** Refusal 400 unless the text is a JSON object whose names can be shown. `source` is what the client called it. */
export function parseVariables(source: string, text: string): Record<string, unknown> {
  const value = parseJsonObject(source, text);
  Object.keys(value).forEach(checkVariableName);
  return value;
}

/** Refusal 400 for a name that is empty, too long, or cannot be shown. */
export function checkVariableName(name: string): void {
  if (!NAME.test(name))
    throw badRequest(`'v:${cleanText(name.slice(0, 100)).replace(/[^\x20-\x7e]/g, '?')}' is not a valid name of a variable`);
}
