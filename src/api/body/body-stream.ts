/** The bytes of a request body, decompressed and limited, as a stream that may fail without taking the connection (and so the answer) with it. */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { badRequest, tooLarge } from '#core';
import { ErrorAnswer } from '../error-answer.js';
import { TOO_LARGE_TEXT } from './body-limits.js';

/** Refusals: 413 when either form of the body is larger than `limit` bytes, 415 for an unknown encoding, 400 for a body that is no gzip or that ends early. */
export function bodyStream(request: IncomingMessage, limit: number): Readable {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(TOO_LARGE_TEXT);
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (!['identity', 'gzip', 'x-gzip', ''].includes(encoding)) {
    throw new ErrorAnswer(415, { message: `Unsupported content encoding '${encoding.slice(0, 40)}'` });
  }
  const counted = countBytes(limit);
  // A body that nobody reads any more may still fail.
  counted.on('error', () => {});
  // pipe() and not pipeline(): when the body is refused the request must live on to be answered.
  request.pipe(counted);
  request.once('error', (error) => counted.destroy(error));
  request.once('close', () => {
    if (!request.complete) counted.destroy(badRequest('The request body ended early'));
  });
  if (!encoding.endsWith('gzip')) return counted;
  const inflated = countBytes(limit);
  inflated.on('error', () => {});
  pipeline(counted, createGunzip(), inflated, (error) => {
    if (error && !inflated.destroyed) inflated.destroy(error);
  });
  return inflated;
}

function countBytes(limit: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.byteLength;
      if (size > limit) done(tooLarge(TOO_LARGE_TEXT));
      else done(null, chunk);
    },
  });
}

/** The whole body as text. */
export async function readText(stream: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString('utf8');
}

/** What a broken body is answered with; refusals are kept. */
export function bodyFailure(error: unknown, malformedText: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('Z_')) return badRequest('malformed gzip request body');
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return badRequest('The request body ended early');
  if (error instanceof Error && error.name === 'Error' && code === '') return badRequest(malformedText);
  return error;
}
