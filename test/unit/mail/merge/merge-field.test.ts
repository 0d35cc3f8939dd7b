import { describe, expect, it } from 'vitest';
import { allValues, decodeHeaderText, parseAddressList, parseHead } from '#mail';
import { merge, mergedField, recipient } from './support.js';

const hostile = 'x\r\nBcc: evil@x.test\n\n<b>, evil@x.test; "\0';

describe('text fields', () => {
  it.each([
    ['Subject: Hello, %recipient.first%!', { first: 'Bob' }, 'Subject: Hello, Bob!'],
    ['Subject: Hello, %recipient.first%!', {}, 'Subject: Hello, %recipient.first%!'],
    ['Subject: =?utf-8?B?SGVsbG8sICVyZWNpcGllbnQuZmlyc3QlIQ==?=', { first: 'Bob' }, 'Subject: Hello, Bob!'],
    ['Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_=25recipient=2Efirst=25?=', { first: 'Ü' }, 'Subject: =?UTF-8?B?R3LDvMOfZSDDnA==?='],
    ['X-Order: %recipient.id%', { id: 12 }, 'X-Order: 12'],
    ['Message-Id: <%recipient.id%@src.test>', { id: 12 }, 'Message-Id: <%recipient.id%@src.test>'],
    ['Content-Type: text/plain; charset="%recipient.id%"', { id: 12 }, 'Content-Type: text/plain; charset="%recipient.id%"'],
    ['List-Unsubscribe: <https://x.test/%recipient.id%>', { id: 'a>b c' }, 'List-Unsubscribe: <https://x.test/a%3Eb%20c>'],
    ['List-Unsubscribe: %recipient.unsubscribe%', { unsubscribe: '<https://x.test/1>' }, 'List-Unsubscribe: <https://x.test/1>'],
    ['X-Mailgun-Variables: {"id": "%recipient.id%"}', { id: 'a"é\n' }, 'X-Mailgun-Variables: {"id": "a\\"\\u00e9\\n"}'],
  ])('%s with %j', async (field, variables, expected) => {
    expect(await mergedField(field, recipient(variables))).toBe(expected);
  });

  it('puts a value with line breaks on one line', async () => {
    const { head } = await merge('Subject: %recipient.x%\nX-After: 1\n\nbody\n', recipient({ x: hostile }));
    expect(parseHead(Buffer.from(head)).map((field) => field.name)).toEqual(['Subject', 'X-After']);
    expect(allValues(parseHead(Buffer.from(head)), 'subject')).toEqual(['x Bcc: evil@x.test <b>, evil@x.test; "']);
  });

  it('shows a value that looks like an encoded word as it is', async () => {
    const value = '=?utf-8?Q?=0D=0ABcc:_evil@x.test?=';
    const field = await mergedField('Subject: %recipient.x%', recipient({ x: value }));
    expect(decodeHeaderText(field.slice('Subject: '.length))).toBe(value);
  });

  it('folds a long value', async () => {
    const field = await mergedField('X-Long: %recipient.x%', recipient({ x: 'word '.repeat(500) }));
    expect(field.split('\r\n').every((line) => line.length <= 998)).toBe(true);
    expect(field.replace(/\r\n/g, '')).toBe(`X-Long: ${'word '.repeat(500)}`.trimEnd());
  });
});

describe('address fields', () => {
  it.each([
    ['To: %recipient%', {}, '', 'To: bob@dst.test'],
    ['To: %recipient%', {}, 'Bob B.', 'To: "Bob B." <bob@dst.test>'],
    ['To: %recipient%', {}, 'Bób', 'To: =?UTF-8?Q?B=C3=B3b?= <bob@dst.test>'],
    ['To: "%recipient_name%" <%recipient_email%>', {}, 'Bob', 'To: Bob <bob@dst.test>'],
    ['To: %recipient.description% <support@src.test>', { description: 'kliz, hentas' }, '', 'To: "kliz, hentas" <support@src.test>'],
    ['To: %recipient.description% <support@src.test>', {}, '', 'To: "%recipient.description%" <support@src.test>'],
    ['Reply-To: %recipient.h:Reply-To%', { 'h:Reply-To': '"R, One" <r@x.test>' }, '', 'Reply-To: "R, One" <r@x.test>'],
    ['Reply-To: %recipient.r%, other@x.test', { r: 'a@x.test, b@x.test' }, '', 'Reply-To: other@x.test'],
    ['Reply-To: reply+%recipient.id%@src.test', { id: 7 }, '', 'Reply-To: reply+7@src.test'],
    ['Reply-To: reply+%recipient.id%@src.test, a@x.test', { id: '@evil.test,x' }, '', 'Reply-To: a@x.test'],
    ['Reply-To: %recipient.id%@SRC.test', { id: 'x@evil.test>, <y' }, '', ''],
    ['To: %recipient.x%', { x: 'no address, at all' }, '', 'To: "no address, at all" <bob@dst.test>'],
    ['From: %recipient.team% <a@src.test>', { team: 'x <evil@x.test>, y' }, '', 'From: "x <evil@x.test>, y" <a@src.test>'],
    ['From: =?utf-8?Q?=25recipient=2Eteam=25?= <a@src.test>', { team: 'T' }, '', 'From: T <a@src.test>'],
    ['From: a@src.test', { team: 'T' }, '', 'From: a@src.test'],
    ['From: %recipient.who%@src.test', { who: 'a b' }, '', 'From: %recipient.who%@src.test'],
    ['From: %recipient.who%', { who: 'evil@x.test' }, '', 'From: %recipient.who%'],
    ['From: "%recipient.x" <a@src.test>, y%@src.test, "z, e@x.test, " <b@src.test>', {}, '', undefined],
  ])('%s with %j for %j', async (field, variables, name, expected) => {
    expect(await mergedField(field, recipient(variables, name))).toBe(expected ?? field);
  });

  it.each([
    'To: %recipient.x%',
    'To: "%recipient.x%" <bob@dst.test>',
    'To: %recipient.x% <bob@dst.test>',
    'From: %recipient.x% <bob@dst.test>',
    'Cc: (%recipient.x%) bob@dst.test',
    'To: %recipient.x%x <%recipient_email%>',
  ])('a value cannot add an address: %s', async (field) => {
    for (const x of [
      hostile,
      'evil@x.test',
      'a@x.test, b@x.test',
      '"',
      '\\',
      '<',
      ')',
      'g: evil@x.test;',
      '=?utf-8?Q?=2C_evil=40x.test?=',
    ]) {
      const made = await mergedField(field, recipient({ x }));
      expect(made.replace(/\r\n[ \t]/g, ' ')).not.toMatch(/[\r\n\0]/);
      const addresses = parseAddressList(made.replace(/\r\n/g, '').replace(/^[^:]*:/, ''))?.map((mailbox) => mailbox.address);
      expect(addresses, `${field} with ${x}: ${made}`).toHaveLength(1);
    }
  });
});
