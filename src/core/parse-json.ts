/** JSON as strangers send it: its nesting and the number of its values are counted before it is parsed, in one pass over the text. Pure. */
import { badRequest } from './errors.js';

/** Objects and arrays in each other: what is nested by thousands can be read, but not written again. */
const MAX_DEPTH = 32;
/** Commas and colons: a thousand recipients may have a hundred variables each. */
const MAX_SEPARATORS = 250_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Why a text was not parsed. */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem';

  constructor(readonly kind: 'malformed' | 'too deep' | 'too many values') {
    super(`JSON is ${kind}`);
  }
}

/** Throws JsonProblem. */
export function parseJson(text: string): unknown {
  checkJson(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonProblem('malformed');
  }
}

function checkJson(text: string): void {
  let depth = 0;
  let separators = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    // `[` and `{`, `]` and `}` differ in one bit.
    const folded = code | 0x20;
    if (folded === 0x7b && ++depth > MAX_DEPTH) throw new JsonProblem('too deep');
    if (folded === 0x7d) depth--;
    if ((code === COMMA || code === COLON) && ++separators > MAX_SEPARATORS) throw new JsonProblem('too many values');
  }
}

/** Where the closing quote stands; the end of the text when it never comes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

/** Refusal 400 unless the text is a JSON object, not nested too deep. `source` is what the client called it. */
export function parseJsonObject(source: string, text: string): Record<string, unknown> {
  const value = parseClientJson(`'${source}'`, text);
  if (!isJsonObject(value)) throw badRequest(`'${source}' is not a JSON object`);
  return value;
}

const PROBLEMS: Readonly<Record<JsonProblem['kind'], string>> = {
  malformed: 'is not a valid JSON',
  'too deep': 'is nested too deep',
  'too many values': 'has too many values',
};

/** Refusal 400 unless the text is JSON, within the limits of what is read. `source` is the subject of a sentence. */
export function parseClientJson(source: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw badRequest(`${source} ${PROBLEMS[error.kind]}`);
  }
}

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
