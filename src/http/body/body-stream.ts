/** Reads the bytes of a request body, decompressed and limited. When a body fails its connection stays open, so that the request is still answered. */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { badRequest, tooLarge } from '#core';
import { ErrorAnswer } from '../error-answer.js';
import { TOO_LARGE_TEXT } from './body-limits.js';

/** How each content encoding is undone; `deflate` is the zlib format (RFC 9110 8.4.1.2). */
const DECODERS: Readonly<Record<string, (() => Transform) | undefined>> = {
  '': undefined,
  identity: undefined,
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
};

/** A body announced as at most this many bytes is read whole: to set up a stream would cost more than to read it. */
const SMALL = 64 * 1024;

/**
 * Gives the body in one piece when it is small and not encoded, otherwise as a stream. Refusals: 413 for more than `limit` bytes before or after
 * decompression, 415 for an unknown encoding, 400 for a body that is not encoded as it says or that ends early.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | Readable> {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  if (announced > limit) throw tooLarge(TOO_LARGE_TEXT);
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (!Object.hasOwn(DECODERS, encoding)) {
    throw new ErrorAnswer(415, { message: `Unsupported content encoding '${encoding.slice(0, 40)}'` });
  }
  const makeDecoder = DECODERS[encoding];
  return makeDecoder === undefined && announced <= SMALL ? readSmall(request) : bodyStream(request, limit, makeDecoder);
}

const endedEarly = () => badRequest('The request body ended early');

function readSmall(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', () => reject(endedEarly()));
    request.on('close', () => {
      if (!request.complete) reject(endedEarly());
    });
  });
}

function bodyStream(request: IncomingMessage, limit: number, makeDecoder: (() => Transform) | undefined): Readable {
  const counted = countBytes(limit);
  // It may still fail when nobody reads it any more.
  counted.on('error', () => {});
  // pipe() and not pipeline(): when the body is refused the request must live on to be answered.
  request.pipe(counted);
  request.once('error', (error) => counted.destroy(error));
  request.once('close', () => {
    if (!request.complete) counted.destroy(endedEarly());
  });
  if (makeDecoder === undefined) return counted;
  const inflated = countBytes(limit);
  inflated.on('error', () => {});
  pipeline(counted, makeDecoder(), inflated, (error) => {
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

export async function readBytes(body: Buffer | Readable): Promise<Buffer> {
  if (body instanceof Buffer) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** Makes a refusal of the error that a broken body ended with. A refusal stays what it is. */
export function bodyFailure(error: unknown, malformedText: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('Z_')) return badRequest('malformed compressed request body');
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return badRequest('The request body ended early');
  if (error instanceof Error && error.name === 'Error' && code === '') return badRequest(malformedText);
  return error;
}
