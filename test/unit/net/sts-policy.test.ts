import { describe, expect, it } from 'vitest';
import { mxMatches, parseStsPolicy, readStsRecord } from '#net';
import { type Family, steepFamilies } from '../../support/growth.js';

describe('the TXT record', () => {
  it.each<[string[], string]>([
    [['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
    [['v=STSv1;id=1'], '1'],
    [['v=STSv1 ;\tid=a1 ; ext.x-y_z=/value:1 ;'], 'a1'],
    [['v=STSv1; ext=1; id=2'], '2'],
    [['v=spf1 -all', 'v=STSv1; id=3;', 'v=STSv2; id=4', 'google-site-verification=x'], '3'],
  ])('%j has the id %s', (records, id) => {
    expect(readStsRecord(records)).toBe(id);
  });

  it.each([
    [[]],
    [['v=STSv1']],
    [['v=STSv1;']],
    [['v=STSv1; id=']],
    [['v=STSv1; id=a-b']],
    [['v=STSv1; id=a b']],
    [[`v=STSv1; id=${'a'.repeat(33)}`]],
    [['v=STSv1; ID=1']],
    [['v=stsv1; id=1']],
    [['V=STSv1; id=1']],
    [[' v=STSv1; id=1']],
    [['id=1; v=STSv1']],
    [['v=STSv1; id=1; nonsense']],
    [['v=STSv1; id=1;;']],
    [['v=STSv1; id=bad-1; id=2']],
    [['v=STSv1; id=1', 'v=STSv1; id=1']],
    [['v=STSv1; id=1', 'v=STSv1; broken']],
  ])('%j is none', (records) => {
    expect(readStsRecord(records)).toBeUndefined();
  });
});

const lines = (...given: string[]) => given.join('\r\n');
const good = ['version: STSv1', 'mode: enforce', 'mx: mail.example.com', 'mx: *.example.net', 'max_age: 604800'];

describe('the policy', () => {
  it('is read with either line end, in any order, and with what is not known skipped', () => {
    const expected = { mode: 'enforce', mx: ['mail.example.com', '*.example.net'], maxAge: 604_800 };
    expect(parseStsPolicy(lines(...good))).toEqual(expected);
    expect(parseStsPolicy(`${good.join('\n')}\n`)).toEqual(expected);
    expect(parseStsPolicy(lines(...[...good].reverse(), '', ' ', ''))).toMatchObject({ mode: 'enforce', maxAge: 604_800 });
    expect(parseStsPolicy(lines(...good, 'x-later.1: über: alles', 'mode: none', 'max_age: 1'))).toEqual(expected);
    expect(parseStsPolicy('version:STSv1\nmode:testing \nmx:\tMAIL.Example.com\t\nmax_age:0')).toEqual({
      mode: 'testing',
      mx: ['mail.example.com'],
      maxAge: 0,
    });
    expect(parseStsPolicy(lines('version: STSv1', 'mode: none', 'max_age: 31557600'))).toEqual({
      mode: 'none',
      mx: [],
      maxAge: 31_557_600,
    });
  });

  const without = (key: string, ...more: string[]) => lines(...good.filter((line) => !line.startsWith(key)), ...more);
  it.each<[string, string]>([
    ['', 'the version'],
    ['<html></html>', 'a line is not'],
    [without('version'), 'the version'],
    [without('version', 'version: STSv2'), 'the version'],
    [without('version', 'version: stsv1'), 'the version'],
    [without('version', 'Version: STSv1'), 'the version'],
    [without('mode'), 'the mode'],
    [without('mode', 'mode: Enforce'), 'the mode'],
    [without('mode', 'mode: report'), 'the mode'],
    [without('max_age'), 'max_age'],
    [without('max_age', 'max_age: 31557601'), 'max_age'],
    [without('max_age', 'max_age: -1'), 'max_age'],
    [without('max_age', 'max_age: 1.5'), 'max_age'],
    [without('max_age', 'max_age: 1d'), 'max_age'],
    [without('max_age', 'max_age: 00000000001'), 'max_age'],
    [without('mx'), 'there is no mx'],
    [lines(...good, 'mx: *'), 'an mx'],
    [lines(...good, 'mx: mail.*.com'), 'an mx'],
    [lines(...good, 'mx: *mail.example.com'), 'an mx'],
    [lines(...good, 'mx: *.*.example.com'), 'an mx'],
    [lines(...good, 'mx: .example.com'), 'an mx'],
    [lines(...good, 'mx: 192.0.2.1'), 'an mx'],
    [lines(...good, 'mx: a b'), 'an mx'],
    [lines(...good, 'mx:'), 'a line is not'],
    [lines('', ...good), 'a line is not'],
    [lines(...good, '', 'x: y'), 'a line is not'],
    [lines(...good, 'x: a\0b'), 'a line is not'],
    [lines(...good, ' x: y'), 'a line is not'],
    [lines(...good, ...Array.from({ length: 200 }, (_, index) => `mx: mx${index}.example.com`)), 'there are more'],
  ])('%j is refused', (text, why) => {
    expect(parseStsPolicy(text)).toMatch(new RegExp(`^${why}`));
  });

  it('of 64 kB made to be slow is read in linear time', async () => {
    const hostile: Family<string>[] = [
      ['line ends', (size) => '\n'.repeat(size)],
      ['tabs in a value', (size) => `x: ${'a\t'.repeat(size / 2)}`],
      ['blanks for a value', (size) => `x:${' '.repeat(size)}`],
      ['a long name', (size) => `${'a'.repeat(size)}:`],
      ['blanks behind a value', (size) => `x: a${' '.repeat(size)}\u0001`],
    ];
    const read = (text: string) => expect(parseStsPolicy(`${text}x`)).toBeTypeOf('string');
    expect(await steepFamilies(hostile, 65_535, read)).toEqual([]);
    expect(await steepFamilies(hostile, 65_535, (text) => readStsRecord([`v=STSv1; ${text}`]))).toEqual([]);
  });
});

describe('an exchanger', () => {
  it.each<[string, string, boolean]>([
    ['mail.example.com', 'mail.example.com', true],
    ['mail.example.com', 'MAIL.example.com.', true],
    ['mail.example.com', 'a.mail.example.com', false],
    ['mail.example.com', 'xmail.example.com', false],
    ['*.example.com', 'mx.example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'mx.example.com.evil.test', false],
    ['*.com', 'com', false],
  ])('%s against %s: %s', (pattern, host, expected) => {
    expect(mxMatches({ mx: [pattern] }, host)).toBe(expected);
  });

  it('matches when one of the patterns does, and none of none', () => {
    expect(mxMatches({ mx: ['a.test', '*.b.test'] }, 'mx.b.test')).toBe(true);
    expect(mxMatches({ mx: [] }, 'mx.b.test')).toBe(false);
  });
});
