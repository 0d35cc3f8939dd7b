/** JSON objects as clients write them into parameters and header fields. Pure. */
import { badRequest, JsonProblem, parseJson } from '#core';

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
