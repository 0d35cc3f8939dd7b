/** Query strings, urlencoded bodies and JSON bodies as form entries. Pure; throws Refusal 400. */
import { badRequest } from '#core';
import { bodyLimits } from './body-limits.js';
import type { FormEntry } from './form.js';

/** `application/x-www-form-urlencoded`, as lenient as a browser: what is no escape stays as it is. */
export function parseUrlEncoded(text: string): FormEntry[] {
  if (countFields(text) > bodyLimits.fields) throw badRequest(`Too many parameters, max is ${bodyLimits.fields}`);
  return [...new URLSearchParams(text)].map(([name, value]) => ({ name, value }));
}

function countFields(text: string): number {
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0 && count <= bodyLimits.fields; at = text.indexOf('&', at + 1)) count++;
  return count;
}

/** An object whose values are texts, numbers, booleans or lists of them; objects in it become the JSON text a form would carry, null is absent. */
export function parseJsonFields(text: string): FormEntry[] {
  const parsed = parseJson(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw badRequest('The request body must be a JSON object');
  const entries = Object.entries(parsed).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => ({ name, value: asText(item) })),
  );
  if (entries.length > bodyLimits.fields) throw badRequest(`Too many parameters, max is ${bodyLimits.fields}`);
  return entries;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The request body is not valid JSON');
  }
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    throw badRequest('The request body is nested too deeply');
  }
}
