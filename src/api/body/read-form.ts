/** Reads whatever a request carries, for every method alike, into one Form. The caller must dispose it. */
import type { IncomingMessage } from 'node:http';
import { badRequest } from '#core';
import { bodyLimits } from './body-limits.js';
import { bodyFailure, readBody, readText } from './body-stream.js';
import { Form, type FormEntry } from './form.js';
import { parseJsonFields, parseQuery, parseUrlEncoded } from './parse-fields.js';
import { readMultipart } from './read-multipart.js';

/** Refusals: 400 malformed or of a content type that is no form, 413 too large, 415 unknown content encoding, 507 no room for files, 503 no disk for them. */
export async function readForm(request: IncomingMessage, query: string, tempDir: string): Promise<Form> {
  return new Form(parseQuery(query), hasBody(request) ? await readEntries(request, tempDir) : []);
}

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

async function readEntries(request: IncomingMessage, tempDir: string): Promise<FormEntry[]> {
  const header = request.headers['content-type'] ?? '';
  const type = header.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'multipart/form-data') return readMultipart(await readBody(request, bodyLimits.bytes), request.headers, tempDir);
  if (type !== '' && type !== 'application/x-www-form-urlencoded' && type !== 'application/json') {
    throw badRequest(`Invalid request content type. Expecting 'multipart/form-data' but got '${type.slice(0, 100)}'`);
  }
  const text = await readBody(request, bodyLimits.bytes)
    .then(readText)
    .catch((error: unknown) => {
      throw bodyFailure(error, 'malformed request body');
    });
  if (type === 'application/json') return text.trim() === '' ? [] : parseJsonFields(text);
  return looksLikeJson(text) ? parseJsonFields(text) : parseUrlEncoded(text);
}

/** Some clients label JSON as urlencoded; no form field of Mailgun's begins with these characters. */
const looksLikeJson = (text: string): boolean => /^\s*[{[]/.test(text);
