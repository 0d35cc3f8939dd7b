/** Puts a recipient's values into texts that are no part of a message: what events show, the variables of a stored template. */
import { fillTemplate, type Lookup, parseTemplate } from './placeholders.js';

/** Nested deeper, values stay as they are. */
const MAX_DEPTH = 32;

export function substituteText(text: string, lookup: Lookup): string {
  return fillTemplate(parseTemplate(text), lookup, (value) => value);
}

/** Every text in a JSON value, keys aside; the value given is not changed. */
export function substituteTexts<T>(value: T, lookup: Lookup): T;
export function substituteTexts(value: unknown, lookup: Lookup): unknown {
  return walk(value, lookup, 0);
}

function walk(value: unknown, lookup: Lookup, depth: number): unknown {
  if (typeof value === 'string') return substituteText(value, lookup);
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => walk(item, lookup, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, lookup, depth + 1)]));
}
