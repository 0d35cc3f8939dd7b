import { describe, expect, it } from 'vitest';
import { formatMailbox, parseAddressList } from '#mail';
import { readAddressList } from '#mail/head/address-list.js';
import { type Family, steepFamilies } from '../../support/growth.js';

describe('parseAddressList', () => {
  it.each<[string, [string, string][]]>([
    ['a@x.com', [['', 'a@x.com']]],
    ['Bob <bob@x.com>', [['Bob', 'bob@x.com']]],
    [
      '"Doe, J." <j@x.com>, k@y.com',
      [
        ['Doe, J.', 'j@x.com'],
        ['', 'k@y.com'],
      ],
    ],
    ['Doe, Jane <j@x.com>', [['Doe, Jane', 'j@x.com']]],
    [
      '<a@b>,<c@d>',
      [
        ['', 'a@b'],
        ['', 'c@d'],
      ],
    ],
    ['"a@evil.com"@good.com', [['', '"a@evil.com"@good.com']]],
    ['"b@evil.com" <a@good.com>', [['b@evil.com', 'a@good.com']]],
    ['b@evil.com <a@good.com>', [['b@evil.com', 'a@good.com']]],
    [
      'Team: a@x.com, "B" <b@y.com>;, c@z.com',
      [
        ['', 'a@x.com'],
        ['B', 'b@y.com'],
        ['', 'c@z.com'],
      ],
    ],
    ['a@x.com (Bob)', [['Bob', 'a@x.com']]],
    ['=?utf-8?Q?B=C3=B6b?= <b@x.com>', [['Böb', 'b@x.com']]],
    ['Böb <b@exämple.com>', [['Böb', 'b@xn--exmple-cua.com']]],
    ['ü@x.com', [['', 'ü@x.com']]],
    ['a@X.COM, ', [['', 'a@x.com']]],
    ['', []],
    ['undisclosed-recipients:;', []],
  ])('%s', (text, expected) => {
    expect(parseAddressList(text)?.map(({ name, address }) => [name, address])).toEqual(expected);
  });

  it.each([
    'Bob',
    'a@',
    '@x.com',
    'a@x.com, Bob',
    'user@good.com(x)evil.com',
    'a@x.com b@y.com',
    '<a@x.com> <b@y.com>',
    '<a@x.com> b@y.com',
    '<<a@x.com>>',
    '<@relay.com:a@x.com>',
    'a@x.com@y.com',
    'a@[127.0.0.1]',
    'a@x.com\r\nBcc: v@x.test',
    'a@x.com\nBcc: v@x.test',
    'a@x.com\0',
    'a\u2028b@x.com',
    '"open <a@x.com>',
    '(open a@x.com',
    'a b@x.com',
  ])('refuses %j', (text) => expect(parseAddressList(text)).toBeUndefined());

  it.each<[string, [string, string][]]>([
    [
      'a@x.com; b@y.com',
      [
        ['', 'a@x.com'],
        ['', 'b@y.com'],
      ],
    ],
    [
      'Acme: Sales <s@x.com>; Bob <b@y.com>;',
      [
        ['Acme: Sales', 's@x.com'],
        ['Bob', 'b@y.com'],
      ],
    ],
    [
      'Team: Acme: Sales <s@x.com>, b@y.com;',
      [
        ['Acme: Sales', 's@x.com'],
        ['', 'b@y.com'],
      ],
    ],
    [
      '"a..b"@x.com, <"c..d"@x.com>, "e f"@x.com',
      [
        ['', '"a..b"@x.com'],
        ['', '"c..d"@x.com'],
        ['', '"e f"@x.com'],
      ],
    ],
    ['<a@x.com> (Bob)', [['Bob', 'a@x.com']]],
    ['Bob <a@x.com> (Sales)', [['Bob (Sales)', 'a@x.com']]],
    ['(a) a@x.com (b)', [['a b', 'a@x.com']]],
    [', ,a@x.com,,', [['', 'a@x.com']]],
  ])('%s', (text, expected) => {
    expect(parseAddressList(text)?.map(({ name, address }) => [name, address])).toEqual(expected);
  });

  it.each([
    ['Bob <b@x.com>, "Doe, J." <j@x.com> (Sales), k@x.com', true],
    ['=?utf-8?Q?B=C3=B6b?= B. Böb <b@x.com>', true],
    ['', true],
    ['b@evil.com <a@good.com>', false],
    ['Acme: Sales <s@x.com>', false],
    ['Doe, Jane <j@x.com>', false],
    ['[EU] Sales <s@x.com>', false],
    ['Team: a@x.com;', false],
    ['a@x.com; b@x.com', false],
    ['a@x.com,', false],
    ['Bob (b@evil.com) <a@x.com>', false],
    ['a@x.com (<b@evil.com>)', false],
    ['Bob < a@x.com >', false],
    ['undisclosed:;', false],
  ])('%s is plain: %s', (text, isPlain) => expect(readAddressList(text)?.isPlain).toBe(isPlain));

  it('reads nested groups and long lists in linear time', async () => {
    expect(parseAddressList('a@x.com, '.repeat(20_000))).toHaveLength(20_000);
    const hostile: Family<string>[] = [
      ['nested groups', (size) => `${'g:'.repeat(size / 3)}a@x.com${';'.repeat(size / 3)}`],
      ['addresses', (size) => 'a@x.com, '.repeat(size / 9)],
      ['comments', (size) => '('.repeat(size)],
      ['quotes', (size) => '"'.repeat(size - 1)],
      ['brackets', (size) => '<'.repeat(size)],
    ];
    expect(await steepFamilies(hostile, 200_000, parseAddressList)).toEqual([]);
  });
});

describe('formatMailbox', () => {
  it.each([
    ['', 'a@x.com', 'a@x.com'],
    ['Bob B', 'a@x.com', 'Bob B <a@x.com>'],
    ['Doe, "J"', 'a@x.com', '"Doe, \\"J\\"" <a@x.com>'],
    ['Böb', 'a@x.com', '=?UTF-8?Q?B=C3=B6b?= <a@x.com>'],
    ['=?utf-8?Q?x?=', 'a@x.com', '=?UTF-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?= <a@x.com>'],
  ])('%s <%s>', (name, address, text) => expect(formatMailbox({ name, address })).toBe(text));

  it.each(['日本語の名前です'.repeat(6), 'a\tb', '<x@y.com>', 'a;b:c', '\\', '"', ' padded ', '😀'.repeat(30)])('reads back %s', (name) => {
    expect(parseAddressList(formatMailbox({ name, address: 'a@x.com' }))).toEqual([
      { name: name.replace('\t', ' ').trim(), address: 'a@x.com' },
    ]);
  });
});
