import { expect, it } from 'vitest';
import { shownVariables } from '#events/record/shown-variables.js';

it('shows what fits into 4 kB, whole variables in their order', () => {
  const small = { order: '1001', deep: { x: [1] } };
  expect(shownVariables(small)).toBe(small);
  expect(shownVariables({})).toEqual({});
  expect(shownVariables({ ...small, big: 'x'.repeat(4096), last: 1 })).toEqual(small);
  expect(shownVariables({ big: 'x'.repeat(4096) })).toEqual({});
  const exact = { a: 'x'.repeat(4096 - '{"a":""}'.length) };
  expect(shownVariables(exact)).toBe(exact);
  expect(shownVariables({ a: `${exact.a}x` })).toEqual({});
});

it('counts bytes, not characters', () => {
  expect(shownVariables({ a: 'ü'.repeat(2500), b: 1 })).toEqual({});
});

it('never shows more than fits, whatever the variables', () => {
  for (let count = 1; count < 400; count += 7) {
    const variables = Object.fromEntries(Array.from({ length: count }, (_item, index) => [`name${index}`, 'é'.repeat(index % 50)]));
    expect(Buffer.byteLength(JSON.stringify(shownVariables(variables)))).toBeLessThanOrEqual(4096);
  }
});
