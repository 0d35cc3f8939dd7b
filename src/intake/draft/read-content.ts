/** Reads a message to its end and writes its body to the spool. It may be a stream, bytes, or a message composed here; the result has one form. */
import { setImmediate } from 'node:timers/promises';
import { type Body, type ContentTraits, tooLarge } from '#core';
import {
  type ComposedMessage,
  type HeadField,
  type MessageReader,
  makeBodyScan,
  makeMessageReader,
  messageLimits,
  needsEightBitHead,
  parseHead,
} from '#mail';
import type { BodyWriter } from '#store';
import type { Submission } from './submission.js';

export interface ReadContent {
  head: HeadField[];
  body: Body;
  bodyHash: string;
  traits: ContentTraits;
  /** Bytes of head, empty line and body in wire form. */
  size: number;
}

/** Throws Refusal or StoreError, and what the content's own stream fails with; the caller discards the writer then. */
export async function readContent(content: Submission['content'], writer: BodyWriter): Promise<ReadContent> {
  if ('fields' in content) return readComposed(content, writer);
  const reader = makeMessageReader({ maxSize: messageLimits.message, maxHeadSize: messageLimits.head });
  if (content instanceof Uint8Array) await writeAll(reader.push(content), writer);
  else for await (const chunk of content) await writeAll(reader.push(chunk), writer);
  return finish(reader, writer);
}

async function finish(reader: MessageReader, writer: BodyWriter): Promise<ReadContent> {
  const { head, lastBody, bodyHash, traits, size } = reader.end();
  await writeAll(lastBody, writer);
  return { head: parseHead(head), body: await writer.finish(), bodyHash, traits, size };
}

/** A composed message is in wire form already and its fields are known: only its body is looked at. */
async function readComposed({ fields, body }: ComposedMessage, writer: BodyWriter): Promise<ReadContent> {
  const headSize = fields.reduce((sum, field) => sum + field.raw.length, 0);
  if (headSize > messageLimits.head) throw tooLarge('Header block is too large');
  const scan = makeBodyScan();
  let size = headSize + 2;
  const take = (piece: Uint8Array): void | Promise<void> => {
    size += piece.length;
    if (size > messageLimits.message) throw tooLarge('Message exceeds fixed limit');
    scan.update(piece);
    return writer.write(piece);
  };
  if (body instanceof Uint8Array) await inSteps(body, take);
  else for await (const piece of body) await take(piece);
  const { bodyHash, eightBit, longLines } = scan.finish();
  const traits = { eightBitHead: needsEightBitHead(fields), eightBitBody: eightBit, longLines };
  return { head: fields, body: await writer.finish(), bodyHash, traits, size };
}

/** Bytes that are looked at in one turn of the event loop. */
const STEP = 1024 * 1024;
const CR = 0x0d;

/** No step ends between CR and LF. */
async function inSteps(body: Uint8Array, take: (piece: Uint8Array) => void | Promise<void>): Promise<void> {
  for (let start = 0; start < body.length; ) {
    const end = Math.min(body.length, start + STEP);
    const cut = end < body.length && body[end - 1] === CR ? end + 1 : end;
    await take(body.subarray(start, cut));
    if (cut < body.length) await setImmediate();
    start = cut;
  }
}

async function writeAll(pieces: Uint8Array[], writer: BodyWriter): Promise<void> {
  for (const piece of pieces) {
    const room = writer.write(piece);
    if (room !== undefined) await room;
  }
}
