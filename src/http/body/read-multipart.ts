/** Reads multipart/form-data (RFC 7578) as it streams in: fields as text, files by way of `receiveUpload`. All of it or nothing is kept. */

import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { badRequest } from '#core';
import { bodyLimits } from './body-limits.js';
import { bodyFailure } from './body-stream.js';
import type { FormEntry } from './form.js';
import { boundaryOf, makePartScanner, type PartScanner } from './part-scanner.js';
import { receiveUpload, type Upload } from './upload.js';

const MALFORMED = 'malformed multipart/form-data request';
/** In these fields a part is a file even without a file name. In any other it is a text that its sender labelled oddly. */
const FILE_FIELDS = new Set(['attachment', 'inline', 'message']);

/** `source` is the body, whole or in pieces. Refusal 400 for a broken or truncated body, and what the source or the disk fails with. */
export async function readMultipart(source: Buffer | Readable, headers: IncomingHttpHeaders, tempDir: string): Promise<FormEntry[]> {
  const parser = makeParser(headers);
  const scanner = makePartScanner(boundaryOf(headers['content-type'] ?? '') ?? '');
  const slots: (FormEntry | undefined)[] = [];
  const uploads: Upload[] = [];
  const receiving: Promise<void>[] = [];
  const stop = (reason: unknown) => parser.destroy(reason instanceof Error ? reason : new Error(String(reason)));

  parser.on('field', (name, value, info) => {
    if (!isName(name) || typeof value !== 'string' || info.valueTruncated) stop(badRequest(MALFORMED));
    else slots.push({ name, value });
  });
  parser.on('file', (name, content, info) => {
    // The place is taken now, so that fields keep the order they came in.
    const place = slots.push(undefined) - 1;
    content.on('error', () => {});
    if (!isName(name)) {
      stop(badRequest(MALFORMED));
      return;
    }
    const part = { filename: cleanFilename(info.filename), contentType: scanner.contentType(place), content };
    const received = receiveUpload(part, { tempDir, memoryPerFile: bodyLimits.memoryPerFile }).then(async (file) => {
      uploads.push(file);
      const isField =
        info.filename === undefined && !FILE_FIELDS.has(name.replace(/\[\d*\]$/, '')) && file.size <= bodyLimits.memoryPerFile;
      slots[place] = isField ? { name, value: await contentText(file) } : { name, file };
    });
    receiving.push(received.catch((error) => void stop(error)));
  });
  parser.on('fieldsLimit', () => stop(badRequest(`Too many parameters, max is ${bodyLimits.fields}`)));
  parser.on('filesLimit', () => stop(badRequest(`Too many files, max is ${bodyLimits.files}`)));

  try {
    await feed(source, scanner, parser);
    await Promise.all(receiving);
    if (scanner.parts !== slots.length) throw badRequest(MALFORMED);
    return slots.filter((entry) => entry !== undefined);
  } catch (error) {
    await Promise.all(receiving);
    await Promise.all(uploads.map((upload) => upload.dispose()));
    throw bodyFailure(error, MALFORMED);
  }
}

/** By hand and not by pipeline(), which makes an AbortController and an exception for every request, however it ends. */
async function feed(source: Buffer | Readable, scanner: PartScanner, parser: ReturnType<typeof makeParser>): Promise<void> {
  const parsed = new Promise<void>((resolve, reject) => void parser.on('error', reject).on('close', resolve));
  if (source instanceof Buffer) {
    scanner.see(source);
    parser.end(source);
    return parsed;
  }
  // Awaited at the end; it may fail before that.
  parsed.catch(() => undefined);
  try {
    for await (const chunk of source) {
      scanner.see(chunk as Buffer);
      if (parser.destroyed) break;
      if (!parser.write(chunk)) await Promise.race([once(parser, 'drain'), parsed]);
    }
  } catch (error) {
    parser.destroy(error as Error);
    throw error;
  }
  parser.end();
  await parsed;
}

function makeParser(headers: IncomingHttpHeaders) {
  try {
    const limits = {
      fields: bodyLimits.fields,
      files: bodyLimits.files,
      fieldSize: bodyLimits.bytes + 1,
      fileSize: Number.POSITIVE_INFINITY,
    };
    return busboy({ headers, defParamCharset: 'utf8', limits });
  } catch {
    throw badRequest(MALFORMED);
  }
}

const isName = (name: string | undefined): boolean => name !== undefined && name !== '' && Buffer.byteLength(name) <= bodyLimits.fieldName;

/** Folders are cut off by the parser; `filename*` may still decode to control characters. */
function cleanFilename(filename: string | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return (filename ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029/\\]/g, '_').slice(0, 255);
}

async function contentText(file: Upload): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.open()) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString('utf8');
}
