/** Query strings, urlencoded bodies and JSON bodies as form entries. Pure; throws Refusal 400. */
import { badRequest } from '#core';
import { bodyLimits } from './body-limits.js';
import type { FormEntry } from './form.js';

/** `application/x-www-form-urlencoded`, as lenient as a browser: what is no escape stays as it is. */
export function parseUrlEncoded(text: string): FormEntry[] {
  if (countFields(text) > bodyLimits.fields) throw badRequest(`Too many parameters, max is ${bodyLimits.fields}`);
  return [...new URLSearchParams(text)].map(([name, value]) => ({ name, value }));
}

/**
 * A query as it is, but for what the Ruby client makes of the parameters of a DELETE: `params={:selector=>"s1"}` or `params={selector: "s1"}`, a
 * hash as Ruby prints it. Its texts become parameters of the query, and what is no such hash is left out.
 */
export function parseQuery(text: string): FormEntry[] {
  return parseUrlEncoded(text).flatMap((entry) => (entry.name === 'params' && 'value' in entry ? parseRubyHash(entry.value) : [entry]));
}

const MAX_RUBY_HASH = 4096;
const RUBY_PAIR = /:?"?([\w:-]{1,64}?)"?(?:\s?=>\s?|: )"((?:[^"\\]|\\.)*)"/g;

function parseRubyHash(text: string): FormEntry[] {
  if (!/^\{.*\}$/s.test(text) || text.length > MAX_RUBY_HASH) return [];
  return [...text.matchAll(RUBY_PAIR)].map(([, name = '', value = '']) => ({ name, value: value.replace(/\\(.)/g, '$1') }));
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
