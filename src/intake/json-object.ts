/** JSON objects as clients write them into parameters and header fields. Pure. */
import { badRequest } from '#core';

/** Refusal 400 unless the text is a JSON object. `source` is what the client called it. */
export function parseJsonObject(source: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(`'${source}' is not a valid JSON`);
  }
  if (!isJsonObject(value)) throw badRequest(`'${source}' is not a JSON object`);
  return value;
}

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
