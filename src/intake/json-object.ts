/** JSON objects as clients write them into parameters and header fields. Pure. */
import { badRequest } from '#core';

/** Objects and arrays in each other: what is nested by thousands can be read, but not written again. */
const MAX_DEPTH = 32;

/** Refusal 400 unless the text is a JSON object, not nested too deep. `source` is what the client called it. */
export function parseJsonObject(source: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(`'${source}' is not a valid JSON`);
  }
  if (!isJsonObject(value)) throw badRequest(`'${source}' is not a JSON object`);
  if (!isShallow(value)) throw badRequest(`'${source}' is nested too deep`);
  return value;
}

/** True when nothing in it is nested too deep, and no object has the name `forbidden`. */
export function isShallow(value: unknown, forbidden?: string, depth = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0 || (forbidden !== undefined && Object.hasOwn(value, forbidden))) return false;
  return Object.values(value).every((item) => isShallow(item, forbidden, depth - 1));
}

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
