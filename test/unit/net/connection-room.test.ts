/** Whatever the process may open, clients, deliveries and the rest all have their part of it. */
import { expect, it } from 'vitest';
import { parseFileLimit } from '../../../dist/metrics/file-limit.js';
import { decideConnectionRoom } from '../../../dist/net/index.js';

it.each([
  [Number.POSITIVE_INFINITY, 2000, 1000],
  [1_048_576, 2000, 1000],
  [65_536, 2000, 1000],
  [6000, 2000, 1000],
  [4096, 2000, 365],
  [1024, 512, 85],
  [256, 128, 21],
  [64, 32, 8],
])('with %d descriptors: %d clients and %d lanes', (descriptors, inbound, lanes) => {
  expect(decideConnectionRoom(descriptors)).toEqual({ inbound, lanes });
});

it('never gives away more than there is', () => {
  for (let descriptors = 128; descriptors < 10_000; descriptors += 7) {
    const { inbound, lanes } = decideConnectionRoom(descriptors);
    expect(inbound + 3 * lanes).toBeLessThanOrEqual(descriptors);
  }
});

it.each([
  ['Max open files            1024                 1048576              files     \n', 1024],
  ['Max open files            unlimited            unlimited            files     \n', Number.POSITIVE_INFINITY],
  ['', Number.POSITIVE_INFINITY],
])('reads %j as %d', (text, limit) => expect(parseFileLimit(text)).toBe(limit));
