import { describe, expect, it } from 'vitest';
import { allValues, decodeHeaderText, firstValue, foldLongFields, joinHead, parseHead } from '#mail';
import { type Family, steepFamilies } from '../../support/growth.js';

const parse = (text: string) => parseHead(Buffer.from(text));

describe('parseHead', () => {
  it('reads names and unfolded values', () => {
    const fields = parse('Subject:  hello\r\n  world \r\nX-Empty:\r\nfrom : é\r\nTo:a\r\n\tb\r\n');
    expect(fields.map(({ name, lowerName, value }) => [name, lowerName, value])).toEqual([
      ['Subject', 'subject', 'hello  world'],
      ['X-Empty', 'x-empty', ''],
      ['from', 'from', 'é'],
      ['To', 'to', 'a\tb'],
    ]);
  });

  it.each([
    'A: 1\r\nB: 2\r\n',
    'A: 1',
    'no field\r\nA: 1\r\n',
    ' leading\r\nA: 1\r\n',
    'A: \xff\xfe\r\n',
    'A: 1\n b\nC:\n',
    '',
    '\r\n',
    ':\r\n',
  ])('joins %j to the same bytes', (text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(Buffer.from(joinHead(parseHead(bytes)))).toEqual(bytes);
  });

  it('names no line that is no field', () => {
    expect(parse('hello world: x\r\n')[0]?.name).toBe('');
  });

  it('keeps NBSP at the ends of a value', () => {
    expect(parse('A: \u00a0x\u00a0 \r\n')[0]?.value).toBe('\u00a0x\u00a0');
  });

  it('finds values whatever the case, from the top down', () => {
    const fields = parse('Received: 1\r\nTo: x\r\nreceived: 2\r\n');
    expect([firstValue(fields, 'RECEIVED'), allValues(fields, 'Received'), firstValue(fields, 'Cc')]).toEqual(['1', ['1', '2'], undefined]);
  });
});

describe('foldLongFields', () => {
  const fold = (text: string) => Buffer.from(joinHead(foldLongFields(parse(text)))).toString();
  const longest = (text: string) => Math.max(...text.split('\r\n').map((line) => Buffer.byteLength(line)));

  it('leaves short lines alone, also in long fields', () => {
    const text = `A: ${'x'.repeat(900)}\r\n ${'y'.repeat(900)}\r\n`;
    expect(fold(text)).toBe(text);
  });

  it('folds at white space and keeps the value', () => {
    const text = `References: ${'<0123456789@example.com> '.repeat(200)}<x@y>\r\n`;
    const folded = fold(text);
    expect(longest(folded)).toBeLessThanOrEqual(998);
    expect(parse(folded)[0]?.value).toBe(parse(text)[0]?.value);
  });

  it('breaks a word that is too long, not after the name and not inside a character', () => {
    const folded = fold(`X: ${'é'.repeat(3000)}\r\n`);
    expect(longest(folded)).toBeLessThanOrEqual(998);
    expect(folded.replaceAll('\r\n ', '')).toBe(`X: ${'é'.repeat(3000)}\r\n`);
    expect(folded.startsWith('X: é')).toBe(true);
  });

  it.each([
    `X: ${' '.repeat(3000)}\r\n`,
    `X: ${' '.repeat(3000)}y\r\n`,
    `X: y${' '.repeat(3000)}\r\n`,
    `X:${'\t'.repeat(1500)}y${' '.repeat(1500)}z\r\n`,
    `X: a\r\n ${' '.repeat(3000)}\r\n`,
    `${'N'.repeat(200)}: ${'x'.repeat(999)}\r\n`,
    `X: ${'x'.repeat(5000)}`,
    `X: ${'\x80'.repeat(5000)}\r\n`,
  ])('never makes a line that looks empty or is too long (%#)', (text) => {
    const folded = fold(text);
    const lines = folded.replace(/\r\n$/, '').split('\r\n');
    expect(longest(folded)).toBeLessThanOrEqual(998);
    expect(lines.filter((line) => line.trim() === '')).toEqual([]);
    expect(parse(folded)).toHaveLength(1);
    expect(folded.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  });
});

describe('decodeHeaderText', () => {
  it.each([
    ['plain', 'plain'],
    ['=?utf-8?Q?B=C3=B6b_x?=', 'Böb x'],
    ['=?UTF-8?B?QsO2Yg==?= and more', 'Böb and more'],
    ['=?iso-8859-1?Q?B=F6b?=', 'Böb'],
    ['=?utf-8?Q?a?= =?utf-8?Q?b?=', 'ab'],
    ['=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=', 'ab'],
    ['=?utf-8?Q?a?= x =?utf-8?Q?b?=', 'a x b'],
    ['=?utf-8?Q?=C3?= =?utf-8?Q?=B6?=', 'ö'],
    ['=?utf-8?B?w?= =?utf-8?Q?b?=', 'b'],
    ['=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?utf-8*en?Q?x?=', 'x'],
    ['=?x-unknown?Q?x?=', '=?x-unknown?Q?x?='],
    ['=?utf-8?X?x?=', '=?utf-8?X?x?='],
    ['=?utf-8?Q?unfinished', '=?utf-8?Q?unfinished'],
    ['=?utf-8?B?ZXZpbA0KWC1JbmplY3RlZDogeWVz?=', 'evil X-Injected: yes'],
    ['raw é', 'raw é'],
  ])('%s', (value, text) => expect(decodeHeaderText(value)).toBe(text));

  it('takes linear time', async () => {
    const hostile: Family<string>[] = [
      ['unfinished words', (size) => '=?utf-8?Q?a'.repeat(size / 11)],
      ['words', (size) => '=?utf-8?Q?a?= '.repeat(size / 14)],
      ['a long charset', (size) => `=?${'a'.repeat(size)}`],
    ];
    expect(await steepFamilies(hostile, 280_000, decodeHeaderText)).toEqual([]);
  });
});
