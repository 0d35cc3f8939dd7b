import { describe, expect, it } from 'vitest';
import { basicPassword } from '#api/endpoint/authenticate-key.js';

describe('basicPassword', () => {
  const encode = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each([
    [encode('api:key'), 'key'],
    [encode(':key'), 'key'],
    [encode('api:a:b'), 'a:b'],
    [encode('api:key').replace('Basic', 'bAsIc'), 'key'],
    [encode('api:'), undefined],
    [encode('api'), undefined],
    [encode(`api:${'x'.repeat(513)}`), undefined],
    ['Bearer key', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => {
    expect(basicPassword(header)).toBe(expected);
  });
});
