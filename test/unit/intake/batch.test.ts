/** What the pipeline makes of recipient variables. */
import { describe, expect, it } from 'vitest';
import { type Address, Refusal } from '#core';
import { parseRecipientVariables } from '#intake';
import { mergeRecipientVariables, variablesOf } from '#intake/batch/recipient-variables.js';
import { makeTestIntake } from './support/test-intake.js';

const parse = (value: unknown) => parseRecipientVariables('It', typeof value === 'string' ? value : JSON.stringify(value));
const of = (value: unknown, address: string) => variablesOf(parse(value), address as Address);
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe('parseRecipientVariables', () => {
  it.each([
    [{ 'bob@x.example': { a: 1 } }, 'bob@x.example', { a: 1 }],
    [{ ' bob@X.Example ': { a: 1 } }, 'bob@x.example', { a: 1 }],
    [{ 'bob@x.example': { a: 1 } }, 'BOB@x.example', {}],
    [{ 'bob@bücher.example': { a: 1 } }, 'bob@xn--bcher-kva.example', { a: 1 }],
    [{}, 'bob@x.example', {}],
    [{ description: 'klizhentas' }, 'bob@x.example', { description: 'klizhentas' }],
    [{ a: 0, b: 0, 'bob@x.example': { a: 1 } }, 'bob@x.example', { a: 1, b: 0 }],
    ['{"bob@x.example": {"constructor": {"prototype": 1}}}', 'bob@x.example', { constructor: { prototype: 1 } }],
  ])('%j for %s', (value, address, expected) => {
    expect(of(value, address)).toEqual(expected);
  });

  it.each([
    ['', 'It is not a valid JSON'],
    ['{"a":', 'It is not a valid JSON'],
    ['[]', 'It is not a valid JSON: it must be an object'],
    ['null', 'It is not a valid JSON: it must be an object'],
    ['"text"', 'It is not a valid JSON: it must be an object'],
    [{ 'bob@x.example': 'Bob' }, 'It is not valid: the variables of bob@x.example are not an object'],
    [{ 'bob@x.example': [1] }, 'It is not valid: the variables of bob@x.example are not an object'],
    ['{"__proto__": {"a": 1}}', 'It is not valid: it holds the name __proto__'],
    ['{"b@x.example": {"c": [{"__proto__": 1}]}}', 'It is not valid: it holds the name __proto__'],
    [{ 'bob@x.example': nested(40) }, 'It is nested too deep'],
    ['['.repeat(200_000), 'It is nested too deep'],
    [`[${'1,'.repeat(250_001)}1]`, 'It has too many values'],
    [`{"a": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'It is nested too deep'],
    [{ 'bob@x.example': { a: 'x'.repeat(70_000) } }, 'It is too large: the variables of bob@x.example are over 64 kB'],
    [{ a: 'x'.repeat(5000) }, 'It is too large: the variables of all recipients are over 4 kB'],
  ])('refuses %.60j', (value, message) => {
    let refusal: unknown;
    try {
      parse(value);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ publicText: message, httpStatus: 400, smtpCode: 550 });
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  it('merges name by name, the higher place winning', () => {
    const low = parse({ every: 'low', 'a@x.example': { a: 'low', b: 'low' }, 'b@x.example': { a: 'low' } });
    const merged = mergeRecipientVariables(low, parse({ every: 'high', 'a@x.example': { b: 'high', c: 'high' } }));
    expect(variablesOf(merged, 'a@x.example' as Address)).toEqual({ every: 'high', a: 'low', b: 'high', c: 'high' });
    expect(variablesOf(merged, 'b@x.example' as Address)).toEqual({ every: 'high', a: 'low' });
  });
});

describe('the head of a batch', () => {
  const head = async (fields: string, variables = '{}') => {
    const taken = await makeTestIntake().take(`From: a@src.example\r\n${fields}\r\nx\r\n`, {
      recipientVariables: parse(variables),
    });
    if (taken instanceof Refusal) throw taken;
    return taken;
  };

  it.each([
    ['To: Bob <bob@dst.example>, eve@dst.example\r\n', 'To: %recipient%\r\n'],
    ['To: =?utf-8?Q?=25recipient=25?=\r\n', 'To: =?utf-8?Q?=25recipient=25?=\r\n'],
    ['To: %recipient.name% <support@src.example>\r\nCc: eve@dst.example\r\n', 'To: %recipient.name% <support@src.example>\r\n'],
    ['Cc: %recipient.manager%\r\nTo: bob@dst.example\r\nBcc: x@dst.example\r\n', 'Cc: %recipient.manager%\r\nTo: %recipient%\r\n'],
    ['Subject: x\r\n', 'To: %recipient%\r\nSubject: x\r\n'],
    ['To: a@dst.example\r\nTo: b@dst.example\r\n', 'To: %recipient%\r\n'],
    ['To: a@dst.example\r\nTo: %recipient%, \r\n', 'To: %recipient%, \r\n'],
  ])('%j names nobody else', async (fields, expected) => {
    const taken = await head(fields);
    const kept = taken.head.split(/(?<=\r\n)/).filter((line) => /^(?:To|Cc|Bcc|Subject):/.test(line));
    expect(kept.join('')).toBe(expected);
    expect(taken.put.message.merge).toEqual({});
  });

  it('gives deliveries the names and variables of their recipients, and events theirs', async () => {
    const { put } = await head('To: "Bob B." <bob@dst.example>\r\nSubject: for %recipient.x%\r\n', '{"bob@dst.example": {"x": 1}}');
    expect(put.deliveries).toMatchObject([{ recipient: 'bob@dst.example', recipientName: 'Bob B.', recipientVariables: { x: 1 } }]);
    expect(JSON.parse(put.events[0]?.body ?? '').message).toMatchObject({
      headers: { to: 'Bob B. <bob@dst.example>', subject: 'for 1' },
      recipients: ['bob@dst.example'],
    });
  });

  it('is left alone without recipient variables', async () => {
    const taken = await makeTestIntake().take('From: a@src.example\r\nTo: %recipient%\r\n\r\n%recipient%\r\n');
    if (taken instanceof Refusal) throw taken;
    expect(taken.head).toContain('To: %recipient%\r\n');
    expect(taken.put.message).not.toHaveProperty('merge');
    expect(taken.put.deliveries[0]).not.toHaveProperty('recipientVariables');
  });
});
