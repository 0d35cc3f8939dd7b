import { describe, expect, it } from 'vitest';
import { Form } from '#http/body/form.js';
import { parseJsonFields } from '#http/body/parse-fields.js';
import { parseUrlEncoded, parseUrlEncodedBody } from '#http/body/url-encoding.js';

const form = (query: string, body = '') => new Form(parseUrlEncoded(query), body === '' ? [] : parseUrlEncoded(body));

describe('Form', () => {
  it('joins every spelling of a repeated field, in order', () => {
    expect(form('a=1&a[]=2&a[0]=3&a[17]=4').texts('a')).toEqual(['1', '2', '3', '4']);
    expect(form('a[x]=1').texts('a')).toEqual([]);
  });

  it('lets the body win by name, also with an empty value', () => {
    const merged = form('a=1&b=2&c=3', 'a[0]=9&b=');
    expect([merged.text('a'), merged.text('b'), merged.text('c')]).toEqual(['9', undefined, '3']);
    expect(merged.names()).toEqual(['c', 'a']);
  });

  it.each([
    ['yes', true],
    ['TRUE', true],
    ['1', true],
    ['No', false],
    ['False', false],
    ['0', false],
  ])('reads %s as a flag', (text, expected) => {
    expect(form(`f=${text}`).flag('f')).toBe(expected);
  });

  it('knows an absent flag from a wrong one', () => {
    expect(form('f=').flag('f')).toBeUndefined();
    expect(() => form('f=on').flag('f')).toThrow("'f' parameter must be either 'yes' or 'no'");
  });

  it.each(['-1', '1.5', '1e3', '0x10', ' ', 'NaN', '99999999999999999999', '１'])('takes no %j for a number', (text) => {
    expect(() => form(`n=${encodeURIComponent(text)}`).integer('n', { min: 0, max: 10 ** 9 })).toThrow("'n' parameter");
  });

  it('reads numbers in their range', () => {
    expect(form('n=10').integer('n', { min: 0, max: 10 })).toBe(10);
    expect(() => form('n=11').integer('n', { min: 0, max: 10 })).toThrow("The 'n' parameter can't be larger than 10");
  });
});

describe('parseUrlEncoded', () => {
  it('is as lenient as a browser', () => {
    expect(parseUrlEncoded('a=b+c&d=%zz&=x&e&f=1=2&%41=%C3%BC')).toEqual([
      { name: 'a', value: 'b c' },
      { name: 'd', value: '%zz' },
      { name: '', value: 'x' },
      { name: 'e', value: '' },
      { name: 'f', value: '1=2' },
      { name: 'A', value: 'ü' },
    ]);
  });
});

describe('parseUrlEncodedBody', () => {
  it('reads what a browser would, whatever the size and wherever a step ends', async () => {
    const text = `a=${'x%41+%C3%BC%'.repeat(200_000)}&b=${'y'.repeat(1_100_000)}&&c&d=ü`;
    const entries = JSON.stringify([...new URLSearchParams(text)].map(([name, value]) => ({ name, value })));
    expect(JSON.stringify(await parseUrlEncodedBody(Buffer.from(text))) === entries).toBe(true);
    expect(JSON.stringify(parseUrlEncoded(text)) === entries).toBe(true);
  });
});

describe('parseJsonFields', () => {
  it('turns values into the text a form would carry', () => {
    expect(parseJsonFields('{"a":"x","b":true,"c":1.5,"d":[1,"y",null],"e":{"k":["v"]},"f":null}')).toEqual([
      { name: 'a', value: 'x' },
      { name: 'b', value: 'true' },
      { name: 'c', value: '1.5' },
      { name: 'd', value: '1' },
      { name: 'd', value: 'y' },
      { name: 'd', value: '' },
      { name: 'e', value: '{"k":["v"]}' },
      { name: 'f', value: '' },
    ]);
  });
});
