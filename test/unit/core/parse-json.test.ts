import { describe, expect, it } from 'vitest';
import { JsonProblem, parseJson } from '#core';

const problemOf = (text: string): unknown => {
  try {
    parseJson(text);
  } catch (error) {
    return error instanceof JsonProblem ? error.kind : error;
  }
  return undefined;
};
const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

describe('parseJson', () => {
  it.each(['{"a":[1,"x",null,true]}', '"[[["', String.raw`["\\","\"[[","\\\"{"]`, ' 1 ', nested(32), '[]'])('reads %.60s', (text) =>
    expect(parseJson(text)).toEqual(JSON.parse(text)),
  );

  it.each([
    ['malformed', ''],
    ['malformed', '{"a":'],
    ['malformed', '"'],
    ['malformed', String.raw`"\"`],
    ['malformed', ']]]]'],
    ['too deep', nested(34)],
    ['too deep', '['.repeat(1_000_000)],
    ['too many values', `[${'1,'.repeat(250_001)}1]`],
    ['too many values', `{${'"a":1,'.repeat(130_000)}"b":1}`],
  ])('tells what is %s', (kind, text) => expect(problemOf(text)).toBe(kind));

  it('counts nothing within texts', () => {
    expect(parseJson(JSON.stringify(['['.repeat(100), ','.repeat(300_000), '\\"{'.repeat(100)]))).toHaveLength(3);
  });
});
