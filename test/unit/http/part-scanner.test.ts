import { describe, expect, it } from 'vitest';
import { boundaryOf, makePartScanner } from '#http/body/part-scanner.js';

const BODY = '--b\r\n\r\none--b\r\n--b\r\n\r\ntwo\r\n--\r\n--b\r\n\r\n\r\n--b--\r\n';

function count(chunks: string[]): number {
  const scanner = makePartScanner('b');
  for (const chunk of chunks) scanner.see(Buffer.from(chunk));
  return scanner.parts;
}

it('counts parts wherever the chunks are cut', () => {
  expect(count([BODY])).toBe(3);
  expect(count([...BODY])).toBe(3);
  for (let cut = 1; cut < BODY.length; cut++) expect(count([BODY.slice(0, cut), BODY.slice(cut)])).toBe(3);
});

it('knows the type of each part wherever the chunks are cut', () => {
  const body = Buffer.from(
    [
      '--b\r\nContent-Disposition: form-data; name="a"\r\nCONTENT-TYPE: text/calendar;\r\n method=REQUEST\r\n\r\nx',
      'Content-Disposition: form-data; name="content-type: no/no"\r\n\r\nContent-Type: no/no\r\n\r\n',
      '\r\nbody of a part without a head',
      `X: ${'y'.repeat(17_000)}\r\nContent-Type: too/late\r\n\r\nx`,
      'Content-Type: text/x\r\n\r\n\r\n--b--\r\n',
    ].join('\r\n--b\r\n'),
  );
  const expected = ['text/calendar; method=REQUEST', '', '', '', 'text/x'];
  for (const size of [1, 2, 3, 7, 100, body.length]) {
    const scanner = makePartScanner('b');
    for (let at = 0; at < body.length; at += size) scanner.see(body.subarray(at, at + size));
    expect(scanner.parts).toBe(5);
    if (size < body.length) expect(expected.map((_, index) => scanner.contentType(index))).toEqual(expected);
  }
});

describe('boundaryOf', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=utf-8; BOUNDARY="a b;c"', 'a b;c'],
    ['multipart/form-data;boundary=abc;x=y', 'abc'],
    ['multipart/form-data', undefined],
  ])('%s', (header, expected) => {
    expect(boundaryOf(header)).toBe(expected);
  });
});
