import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { boundaryOf, makePartCounter } from '../../../dist/api/body/count-parts.js';

const BODY = '--b\r\n\r\none--b\r\n--b\r\n\r\ntwo\r\n--\r\n--b\r\n\r\n\r\n--b--\r\n';

async function count(chunks: string[]): Promise<number> {
  const counter = makePartCounter('b');
  await pipeline(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), counter, async (source) => {
    for await (const chunk of source) expect(chunk.length).toBeGreaterThan(0);
  });
  return counter.parts;
}

it('counts parts wherever the chunks are cut', async () => {
  expect(await count([BODY])).toBe(3);
  expect(await count([...BODY])).toBe(3);
  for (let cut = 1; cut < BODY.length; cut++) expect(await count([BODY.slice(0, cut), BODY.slice(cut)])).toBe(3);
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
