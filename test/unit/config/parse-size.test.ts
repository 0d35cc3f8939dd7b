import { expect, it } from 'vitest';
import { parseSize } from '#config/schema/parse-size.js';

it.each<[unknown, number | undefined]>([
  [0, 0],
  [1234, 1234],
  ['500 MB', 500_000_000],
  ['1.5GB', 1_500_000_000],
  [' 64 mib ', 67_108_864],
  ['12 B', 12],
  ['12', undefined],
  ['MB', undefined],
  ['5 EB', undefined],
  ['-5 MB', undefined],
  [-1, undefined],
  [1.5, undefined],
  ['9999999 TB', undefined],
  [null, undefined],
  [true, undefined],
])('%j is %j bytes', (value, bytes) => {
  expect(parseSize(value)).toBe(bytes);
});
