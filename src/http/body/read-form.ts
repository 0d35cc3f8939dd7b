/** Reads whatever a request carries into one Form; all methods are treated in the same way. The caller must dispose the form. */
import type { IncomingMessage } from 'node:http';
import { badRequest, tooLarge } from '#core';
import { bodyLimits } from './body-limits.js';
import { bodyFailure, readBody, readBytes } from './body-stream.js';
import { Form, type FormEntry } from './form.js';
import { parseJsonFields, parseQuery } from './parse-fields.js';
import { readMultipart } from './read-multipart.js';
import { parseUrlEncodedBody } from './url-encoding.js';

/** Refusals: 400 malformed or of a content type that is no form, 413 too large, 415 unknown content encoding, 507 no room for files, 503 no disk for them. */
export async function readForm(request: IncomingMessage, tempDir: string): Promise<Form> {
  return new Form(parseQuery(queryOf(request)), hasBody(request) ? await readEntries(request, tempDir) : []);
}

function queryOf({ url = '' }: IncomingMessage): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

async function readEntries(request: IncomingMessage, tempDir: string): Promise<FormEntry[]> {
  const header = request.headers['content-type'] ?? '';
  const type = header.split(';')[0]?.trim().toLowerCase() ?? '';
  // Without a boundary there are no parts: the samples of the Python client give urlencoded fields this type.
  if (type === 'multipart/form-data' && /;\s*boundary\s*=/i.test(header))
    return readMultipart(await readBody(request, bodyLimits.bytes), request.headers, tempDir);
  if (!FIELD_TYPES.has(type)) {
    throw badRequest(`Invalid request content type. Expecting 'multipart/form-data' but got '${type.slice(0, 100)}'`);
  }
  const bytes = await readBody(request, bodyLimits.bytes)
    .then(readBytes)
    .catch((error: unknown) => {
      throw bodyFailure(error, 'malformed request body');
    });
  const start = firstCharacter(bytes);
  if (type === 'multipart/form-data' && start === '-') throw badRequest('malformed multipart/form-data request');
  if (type === 'application/json' && start === '') return [];
  // Some clients label JSON as urlencoded; no form field of Mailgun's begins with these characters.
  if (type !== 'application/json' && start !== '{' && start !== '[') return parseUrlEncodedBody(bytes);
  if (bytes.byteLength > bodyLimits.json) throw tooLarge(`a JSON request may have ${bodyLimits.json / 1024 / 1024} MiB`);
  return parseJsonFields(bytes.toString('utf8'));
}

const FIELD_TYPES = new Set(['', 'application/x-www-form-urlencoded', 'application/json', 'multipart/form-data']);
const BLANKS = new Set([0x20, 0x09, 0x0d, 0x0a]);

/** The first character that is no blank; `''` when there is none. */
function firstCharacter(bytes: Buffer): string {
  let at = 0;
  while (BLANKS.has(bytes[at] ?? 0)) at++;
  return bytes.toString('latin1', at, at + 1);
}
