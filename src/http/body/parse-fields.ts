/** Query strings and JSON bodies as form entries. Pure; throws Refusal 400. */
import { badRequest, JsonProblem, parseJson } from '#core';
import { bodyLimits } from './body-limits.js';
import type { FormEntry } from './form.js';
import { parseUrlEncoded } from './url-encoding.js';

/**
 * Reads a query string. The Ruby client sends the parameters of a DELETE as one parameter, a hash as Ruby prints it: `params={:selector=>"s1"}` or
 * `params={selector: "s1"}`. The texts in the hash become parameters of the query; a `params` that is no such hash is left out.
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

/** Reads an object of texts, numbers, booleans and lists of them. An object in it becomes the JSON text that a form would carry; null counts as absent. */
export function parseJsonFields(text: string): FormEntry[] {
  const parsed = readJson(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw badRequest('The request body must be a JSON object');
  const entries = Object.entries(parsed).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => ({ name, value: asText(item) })),
  );
  if (entries.length > bodyLimits.fields) throw badRequest(`Too many parameters, max is ${bodyLimits.fields}`);
  return entries;
}

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw badRequest(PROBLEMS[error.kind]);
  }
}

const PROBLEMS: Readonly<Record<JsonProblem['kind'], string>> = {
  malformed: 'The request body is not valid JSON',
  'too deep': 'The request body is nested too deeply',
  'too many values': 'The request body has too many values',
};

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
