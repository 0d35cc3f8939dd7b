import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { bodyHashOf, makeMessageReader } from '#mail';
import { cut, readAll } from './support/read-all.js';

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('base64');

function refusalOf(action: () => unknown): Refusal | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
}

describe('where the head ends', () => {
  it.each([
    ['an empty line', 'A: 1\r\nB: 2\r\n\r\nbody\r\n', 'A: 1\r\nB: 2\r\n', 'body\r\n'],
    ['no empty line: head only', 'A: 1\r\nB: 2\r\n', 'A: 1\r\nB: 2\r\n', ''],
    ['no line end at all', 'A: 1', 'A: 1\r\n', ''],
    ['folded fields', 'A: 1\r\n 2\r\n\t3\r\n\r\nx\r\n', 'A: 1\r\n 2\r\n\t3\r\n', 'x\r\n'],
    ['an empty line first', '\r\nA: 1\r\n', '', 'A: 1\r\n'],
    ['plain text', 'Hello there\r\nbye\r\n', '', 'Hello there\r\nbye\r\n'],
    ['an mbox line', 'From me@x Thu Jan 1\r\nA: 1\r\n\r\nb\r\n', 'A: 1\r\n', 'b\r\n'],
    ['mbox lines', 'From me@x Thu Jan 1\n>From you\nFrom: 1\n\nFrom b\n', 'From: 1\r\n', 'From b\r\n'],
    ['text like an mbox line', 'From now on\r\nall is text\r\n', '', 'From now on\r\nall is text\r\n'],
    ['text like an mbox line alone', 'From now on', '', 'From now on\r\n'],
    ['text like the start of one', '>Fro', '', '>Fro\r\n'],
    ['lines of white space', 'A: 1\r\n \t\r\n 2\r\n  \r\n\r\nb\r\n', 'A: 1\r\n 2\r\n', 'b\r\n'],
    ['white space first', ' A: 1\r\n\r\nb\r\n', '', ' A: 1\r\n\r\nb\r\n'],
    ['text after fields', 'A: 1\r\nhello world: no\r\n', 'A: 1\r\n', 'hello world: no\r\n'],
    ['a name beyond ASCII', 'A: 1\r\nÄ: 2\r\n\r\nb\r\n', 'A: 1\r\n', 'Ä: 2\r\n\r\nb\r\n'],
    ['white space before the colon', 'A \t: 1\r\n\r\nb\r\n', 'A: 1\r\n', 'b\r\n'],
    ['an empty name', 'A: 1\r\n: 2\r\n', 'A: 1\r\n', ': 2\r\n'],
    ['nothing', '', '', ''],
    ['bare line feeds', 'A: 1\nB: 2\n\nbody\n', 'A: 1\r\nB: 2\r\n', 'body\r\n'],
    ['bare carriage returns', 'A: 1\rB: 2\r\rbody\r', 'A: 1\r\nB: 2\r\n', 'body\r\n'],
  ])('%s', (_, raw, head, body) => {
    for (const chunkSize of [1, 2, 3, 1000]) {
      const read = readAll(raw, { chunkSize });
      expect([Buffer.from(read.head).toString(), read.body.toString()]).toEqual([head, body]);
      expect(read.size).toBe(Buffer.byteLength(head) + 2 + Buffer.byteLength(body));
      expect(read.rawSize).toBe(Buffer.byteLength(raw));
    }
  });

  it('finds the empty line across the steps a large head is collected in', () => {
    for (let filler = 4080; filler < 4110; filler++) {
      const raw = `A: ${'x'.repeat(filler)}\r\n\r\nbody\r\n`;
      expect(readAll(raw).body.toString()).toBe('body\r\n');
    }
  });
});

describe('line ends of the body', () => {
  it.each([
    ['\n.\n', '\r\n.\r\n'],
    ['\n.\r\n', '\r\n.\r\n'],
    ['\r\n.\n', '\r\n.\r\n'],
    ['\r.\r', '\r\n.\r\n'],
    ['\r.\n', '\r\n.\r\n'],
    ['\n.\r', '\r\n.\r\n'],
    ['\r.\r\n', '\r\n.\r\n'],
    ['\r\n.\r', '\r\n.\r\n'],
    ['\r\n.\r\r\n', '\r\n.\r\n\r\n'],
    ['\r\r\n.\r\r\n', '\r\n\r\n.\r\n\r\n'],
    ['\r\n. \r\n', '\r\n. \r\n'],
    ['\n\n.\n\n', '\r\n\r\n.\r\n\r\n'],
    ['x', 'x\r\n'],
    ['x\r', 'x\r\n'],
  ])('%j', (raw, wire) => {
    for (const chunkSize of [1, 2, 3, 1000]) expect(readAll(`A: 1\r\n\r\n${raw}`, { chunkSize }).body.toString()).toBe(wire);
  });
});

describe('body hash in relaxed form (RFC 6376 3.4.4)', () => {
  it.each([
    ['empty body', '', ''],
    ['only line ends', '\r\n\r\n', ''],
    ['only white space', ' \t\r\n  \r\n', ''],
    ['trailing empty lines', 'a\r\n\r\n \r\n', 'a\r\n'],
    ['runs of white space', 'a \t b\r\n', 'a b\r\n'],
    ['trailing white space', 'a \t\r\nb\t\r\n', 'a\r\nb\r\n'],
    ['leading white space', '\t a\r\n', ' a\r\n'],
    ['leading empty lines', '\r\n \r\na\r\n', '\r\n\r\na\r\n'],
    ['a tab alone', 'a\tb\r\n', 'a b\r\n'],
    ['NBSP, form feed and vertical tab are text', 'a \xa0 \f\v b\r\n', 'a \xa0 \f\v b\r\n'],
    ['no final line end', 'a', 'a\r\n'],
    ['the example of RFC 6376 3.4.5', ' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'],
  ])('%s', async (_, body, canonical) => {
    for (const chunkSize of [1, 2, 3, 5, 1000]) {
      expect(readAll(Buffer.from(`A: 1\r\n\r\n${body}`, 'latin1'), { chunkSize }).bodyHash).toBe(sha256(canonical));
    }
    if (body.endsWith('\r\n')) expect(await bodyHashOf(cut(Buffer.from(body, 'latin1'), 1))).toBe(sha256(canonical));
  });

  it('hashes the empty string as the RFC says', () => {
    expect(readAll('A: 1\r\n\r\n').bodyHash).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
  });
});

describe('traits', () => {
  it.each([
    ['plain', 'A: 1\r\n\r\nb\r\n', [false, false, false]],
    ['8-bit head', 'A: é\r\n\r\nb\r\n', [true, false, false]],
    ['8-bit body', 'A: 1\r\n\r\né\r\n', [false, true, false]],
    ['998 octets', `A: 1\r\n\r\n${'x'.repeat(998)}\r\n`, [false, false, false]],
    ['999 octets', `A: 1\r\n\r\n${'x'.repeat(999)}\r\n`, [false, false, true]],
    ['999 octets without a line end', `A: 1\r\n\r\n${'x'.repeat(999)}`, [false, false, true]],
    ['999 octets with spaces', `A: 1\r\n\r\n${'x '.repeat(499)}x\r\ny\r\n`, [false, false, true]],
    ['a long line of white space', `A: 1\r\n\r\n${' '.repeat(999)}\r\ny\r\n`, [false, false, true]],
    ['a long header line is not one of the body', `A: ${'x'.repeat(2000)}\r\n\r\nb\r\n`, [false, false, false]],
  ])('%s', (_, raw, [eightBitHead, eightBitBody, longLines]) => {
    for (const chunkSize of [7, 5000]) expect(readAll(raw, { chunkSize }).traits).toEqual({ eightBitHead, eightBitBody, longLines });
  });
});

describe('refusals', () => {
  it('refuses NUL, and everything after it', () => {
    const reader = makeMessageReader({ maxSize: 100 });
    const first = refusalOf(() => reader.push(Buffer.from('A: 1\r\n\r\na\0b')));
    expect([first?.smtpCode, first?.enhancedCode, first?.publicText]).toEqual([550, '5.6.0', 'Message contains NUL characters']);
    expect(refusalOf(() => reader.push(Buffer.from('x')))).toBe(first);
    expect(refusalOf(() => reader.end())).toBe(first);
  });

  it('takes a message of the largest size and refuses one byte more, counted in wire form', () => {
    const raw = 'A: 1\n\nb\n';
    const size = 'A: 1\r\n\r\nb\r\n'.length;
    expect(readAll(raw, { maxSize: size }).size).toBe(size);
    const refusal = refusalOf(() => readAll(raw, { maxSize: size - 1 }));
    expect([refusal?.smtpCode, refusal?.enhancedCode, refusal?.publicText]).toEqual([552, '5.3.4', 'Message exceeds fixed limit']);
  });

  it('refuses an endless body while it comes in', () => {
    const reader = makeMessageReader({ maxSize: 100_000 });
    reader.push(Buffer.from('A: 1\r\n\r\n'));
    expect(refusalOf(() => reader.push(Buffer.alloc(100_000, 'x')))?.smtpCode).toBe(552);
  });

  it.each([1000, 4096, 65536])('refuses a head over its limit, in chunks of %d', (chunkSize) => {
    const head = 'A: 1\r\n'.repeat(1000);
    const read = () => readAll(`${head}\r\nbody\r\n`, { chunkSize, maxHeadSize: head.length - 1 });
    expect(refusalOf(read)?.publicText).toBe('Header block is too large');
    expect(refusalOf(() => readAll(`A: ${'x'.repeat(10_000)}`, { chunkSize, maxHeadSize: 8000 }))?.smtpCode).toBe(552);
    expect(readAll(`${head}\r\nbody\r\n`, { chunkSize, maxHeadSize: head.length }).body.toString()).toBe('body\r\n');
  });

  it('does not take a long first line of text for a head', () => {
    expect(readAll('x'.repeat(600_000), { chunkSize: 1000 }).size).toBe(600_004);
  });
});
