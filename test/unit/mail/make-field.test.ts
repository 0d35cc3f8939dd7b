import { describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { decodeHeaderText, makeField } from '#mail';

const make = (name: string, value: string) => makeField(name, value).raw.toString();

function refusalOf(action: () => unknown): Refusal | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
}

describe('makeField', () => {
  it.each([
    ['X-Plain', 'hello', 'X-Plain: hello\r\n'],
    ['X-Json', '{"a": "b", "c": [1]}', 'X-Json: {"a": "b", "c": [1]}\r\n'],
    ['X-Empty', '', 'X-Empty: \r\n'],
    ['Subject', 'Köln', 'Subject: =?UTF-8?Q?K=C3=B6ln?=\r\n'],
    ['Subject', 'to Köln and back', 'Subject: to =?UTF-8?Q?K=C3=B6ln?= and back\r\n'],
    ['Subject', '日本', 'Subject: =?UTF-8?B?5pel5pys?=\r\n'],
    ['To', '"Jö, B" <j@x.com>, k@y.com', 'To: =?UTF-8?Q?J=C3=B6=2C_B?= <j@x.com>, k@y.com\r\n'],
    ['From', 'a@exämple.com', 'From: a@xn--exmple-cua.com\r\n'],
    ['List-Unsubscribe', '<https://x.com/ü?a=1>, <mailto:u@x.com>', 'List-Unsubscribe: <https://x.com/%C3%BC?a=1>, <mailto:u@x.com>\r\n'],
    ['List-Id', 'Größe <list.x.com>', 'List-Id: =?UTF-8?Q?Gr=C3=B6=C3=9Fe?= <list.x.com>\r\n'],
    ['Content-Disposition', 'attachment; filename="ü.txt"', "Content-Disposition: attachment; filename*0*=utf-8''%C3%BC.txt\r\n"],
    ['X-Word', '=?utf-8?B?ZXZpbA0KWC1JbmplY3RlZDogeWVz?=', 'X-Word: =?utf-8?B?ZXZpbA0KWC1JbmplY3RlZDogeWVz?=\r\n'],
  ])('%s: %s', (name, value, field) => expect(make(name, value)).toBe(field));

  it.each(['x\u2028y', 'x\u0001y', 'x\u007fy', 'x\u001b[31m', 'lone \ud800 surrogate', `${'é'.repeat(500)}`, '😀'.repeat(100)])(
    'is 7-bit, short-lined and reads back: %j',
    (value) => {
      const raw = make('Subject', value);
      expect(raw).toMatch(/^[\x20-\x7e]+(\r\n [\x21-\x7e][\x20-\x7e]*)*\r\n$/);
      expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
      const shown = decodeHeaderText(makeField('Subject', value).value);
      expect(shown).toBe(
        Buffer.from(value)
          .toString()
          // biome-ignore lint/suspicious/noControlCharactersInRegex: decodeHeaderText shows controls as spaces
          .replace(/[\u0000-\u001f\u007f\u2028]/g, ' '),
      );
    },
  );

  it('folds at 76 columns without changing the value', () => {
    const value = 'word  and\tword '.repeat(40).trim();
    const field = makeField('X-Long', value);
    expect(field.value).toBe(value);
    expect(
      Math.max(
        ...field.raw
          .toString()
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(78);
  });

  it('breaks a word over 998 octets', () => {
    expect(
      Math.max(
        ...make('X-Long', 'x'.repeat(5000))
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBe(998);
  });

  it.each(['x\r\nBcc: v@x.test', 'x\nBcc: v', 'x\rBcc: v', 'x\r\n\r\nbody', 'x\0', '\n', 'x\r\n'])(
    'refuses the value %j and names the field',
    (value) => {
      const refusal = refusalOf(() => makeField('X-A', value));
      expect([refusal?.httpStatus, refusal?.smtpCode]).toEqual([400, 550]);
      expect(refusal?.publicText).toContain('X-A');
    },
  );

  it.each(['', 'X A', 'X:A', 'X-A\r\nB', 'Ünïcode', 'X\0', 'X\u2028'])('refuses the name %j', (name) => {
    const refusal = refusalOf(() => makeField(name, 'x'));
    expect(refusal?.httpStatus).toBe(400);
    expect(refusal?.publicText).toMatch(/^Header name must be pure ASCII: [^\r\n]*$/);
  });
});
