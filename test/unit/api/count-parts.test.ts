import { describe, expect, it } from 'vitest';
import { boundaryOf, makePartCounter } from '../../../dist/api/body/count-parts.js';

const BODY = '--b\r\n\r\none--b\r\n--b\r\n\r\ntwo\r\n--\r\n--b\r\n\r\n\r\n--b--\r\n';

function count(chunks: string[]): number {
  const counter = makePartCounter('b');
  for (const chunk of chunks) counter.see(Buffer.from(chunk));
  return counter.parts;
}

it('counts parts wherever the chunks are cut', () => {
  expect(count([BODY])).toBe(3);
  expect(count([...BODY])).toBe(3);
  for (let cut = 1; cut < BODY.length; cut++) expect(count([BODY.slice(0, cut), BODY.slice(cut)])).toBe(3);
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
