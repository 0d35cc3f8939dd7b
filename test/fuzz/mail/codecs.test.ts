/** Hostile bytes through every codec: properties that hold for any input, on seeded mutations of a checked-in corpus. */
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import type { MimePart } from '#mail';
import {
  bodyHashOf,
  decodeHeaderText,
  foldLongFields,
  type HeadField,
  joinHead,
  listAttachments,
  makeField,
  makeMessageReader,
  makeMimeWalker,
  mimeText,
  openAttachment,
  parseAddressList,
  parseHead,
  parseMessage,
  reencodeFor7Bit,
  stripQuotedHtml,
  stripQuotes,
} from '#mail';
import { join } from '../../unit/mail/support/read-all.js';
import { cutAtRandom, makeRandom, mutate, type Random } from './mutate.js';

const CORPUS = new URL('./corpus/', import.meta.url);
const corpus = readdirSync(CORPUS)
  .sort()
  .map((name): [string, Buffer] => [name, readFileSync(new URL(name, CORPUS))]);
const MUTATIONS = Number(process.env.FUZZ_MUTATIONS ?? 250);

type Outcome = { refused: string } | { head: string; body: string; rest: string };

function read(chunks: Uint8Array[]): Outcome {
  const reader = makeMessageReader({ maxSize: 20_000, maxHeadSize: 8000 });
  try {
    const body = chunks.flatMap((chunk) => reader.push(chunk));
    const { head, lastBody, ...rest } = reader.end();
    return {
      head: Buffer.from(head).toString('latin1'),
      body: Buffer.concat([...body, ...lastBody]).toString('latin1'),
      rest: JSON.stringify(rest),
    };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

/** Walks a body and gives it joined again, and its decoded leaves. */
function walk(fields: readonly HeadField[], chunks: Uint8Array[]) {
  const all: Uint8Array[] = [];
  const leaves: string[] = [];
  let leaf: Uint8Array[] = [];
  let current: MimePart | undefined;
  const sink = {
    start(part: MimePart) {
      if (part.depth > 0) all.push(joinHead(part.fields), part.headEnd);
      current = part;
      leaf = [];
    },
    content(bytes: Uint8Array) {
      all.push(bytes);
      leaf.push(Buffer.from(bytes));
    },
    finish() {
      // What may not be encoded is made harmless instead, and does lose bytes.
      if (current && !/^(?:multipart|message)\//.test(current.contentType))
        leaves.push(decode(current.encoding, Buffer.concat(leaf).toString('latin1')));
    },
    delimiter: (bytes: Uint8Array) => all.push(bytes),
    filler: (bytes: Uint8Array) => all.push(bytes),
  };
  const walker = makeMimeWalker(fields, sink, { openMessages: true });
  for (const chunk of chunks) walker.push(chunk);
  walker.end();
  return { joined: Buffer.concat(all).toString('latin1'), leaves };
}

function decode(encoding: string, content: string): string {
  if (encoding === 'base64') return Buffer.from(content.replace(/[^A-Za-z0-9+/=]/g, ''), 'base64').toString('latin1');
  if (encoding !== 'quoted-printable') return content;
  return content
    .replace(/[ \t]+(?=\r\n|$)/g, '')
    .replace(/=([0-9A-F]{2})|=\r\n|=$/gi, (_, hex: string | undefined) => (hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ''));
}

function checkHead(head: Buffer): void {
  const fields = parseHead(head);
  expect(Buffer.from(joinHead(fields)).equals(head)).toBe(true);
  const folded = foldLongFields(fields);
  for (const [index, field] of fields.entries()) {
    expect(field.name).not.toBe('');
    const again = folded[index]?.raw ?? Buffer.alloc(0);
    expect(parseHead(again)).toHaveLength(1);
    expect(again.toString('latin1').replace(/[ \t\r\n]/g, '')).toBe(field.raw.toString('latin1').replace(/[ \t\r\n]/g, ''));
    decodeHeaderText(field.value);
    parseAddressList(field.value);
    if (field.name.length > 127) continue;
    const made = makeField(field.name, field.value).raw.toString('latin1');
    expect(parseHead(Buffer.from(made, 'latin1'))).toHaveLength(1);
    expect(Math.max(...made.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(
      made
        .slice(0, -2)
        .split('\r\n')
        .slice(1)
        .every((line) => /^[ \t]+[^ \t]/.test(line)),
    ).toBe(true);
  }
}

async function* asAsync(chunks: Uint8Array[]) {
  yield* chunks;
}

/** What a reader is shown of a stored message: the same however it is cut, sizes that are those of the bytes, and nothing lost as text. */
async function checkStored(head: Buffer, body: Buffer, random: Random): Promise<void> {
  const fields = parseHead(head);
  const parsed = await parseMessage(fields, asAsync([body]));
  expect(await parseMessage(fields, asAsync(cutAtRandom(body, random)))).toEqual(parsed);
  for (const [index, { filename, contentType, size }] of parsed.attachments.entries()) {
    const opened = await openAttachment(fields, asAsync(cutAtRandom(body, random)), index);
    expect(opened).toMatchObject({ filename, contentType });
    expect((await join(opened?.content ?? [])).byteLength).toBe(size);
  }
  expect(await openAttachment(fields, asAsync([body]), parsed.attachments.length)).toBeUndefined();
  for (const text of parsed.texts.values()) expect(stripQuotedHtml(stripQuotes(text).text).length).toBeLessThanOrEqual(text.length);
  const pieces: string[] = [];
  for await (const piece of mimeText({ head, openBody: () => asAsync(cutAtRandom(body, random)), mayBeEightBit: true })) pieces.push(piece);
  const whole = Buffer.concat([head, Buffer.from('\r\n'), body]);
  if (isUtf8(head) && isUtf8(body)) expect(pieces.join('')).toBe(whole.toString('utf8'));
  else expect(pieces.join('')).not.toContain('\ufffd');
}

async function checkBody(head: Buffer, body: Buffer, random: Random): Promise<void> {
  const fields = parseHead(head);
  const seen = walk(fields, [body]);
  expect(seen.joined).toBe(body.toString('latin1'));
  expect(walk(fields, cutAtRandom(body, random))).toEqual(seen);
  const found = await listAttachments(fields, [body]);
  expect(await listAttachments(fields, cutAtRandom(body, random))).toEqual(found);
  await checkStored(head, body, random);

  const again = await reencodeFor7Bit(fields, [body], { eightBit: true, longLines: true });
  const encoded = await join(again.body);
  const other = await reencodeFor7Bit(fields, cutAtRandom(body, random), { eightBit: true, longLines: true });
  expect((await join(other.body)).equals(encoded)).toBe(true);
  const outcome = makeMessageReader({ maxSize: 1e6 });
  outcome.push(Buffer.concat([joinHead(again.head), Buffer.from('\r\n'), encoded]));
  const { traits, bodyHash } = outcome.end();
  expect([traits.eightBitBody, traits.longLines]).toEqual([false, false]);
  expect(await bodyHashOf(cutAtRandom(encoded, random))).toBe(bodyHash);
  expect(walk(again.head, [encoded]).leaves).toEqual(seen.leaves);
}

describe.each(corpus)('%s', (name, original) => {
  it.each([1, 2, 3, 4])('seed %d', async (seed) => {
    const random = makeRandom(seed * 7919 + name.length);
    for (let count = 0; count < MUTATIONS / 4; count++) {
      const bytes = count === 0 ? original : mutate(original, random);
      const at = `seed ${seed}, mutation ${count}`;
      const outcome = read([bytes]);
      expect(read(cutAtRandom(bytes, random)), at).toEqual(outcome);
      expect(read(cutAtRandom(bytes, random)), at).toEqual(outcome);
      if ('refused' in outcome) continue;
      expect(`${outcome.head}\r\n${outcome.body}`, at).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
      checkHead(Buffer.from(outcome.head, 'latin1'));
      await checkBody(Buffer.from(outcome.head, 'latin1'), Buffer.from(outcome.body, 'latin1'), random);
    }
  });
});
