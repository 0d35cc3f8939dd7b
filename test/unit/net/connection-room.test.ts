/** Whatever the process may open, clients, deliveries and the rest all have their part of it. */
import { expect, it } from 'vitest';
import { parseFileLimit } from '#metrics/file-limit.js';
import { decideConnectionRoom, makeConnectionRoom } from '#net';

it.each([
  [Number.POSITIVE_INFINITY, 2000, 1000, 1000],
  [1_048_576, 2000, 1000, 1000],
  [65_536, 2000, 1000, 1000],
  [6500, 2000, 812, 1000],
  [4096, 2000, 512, 361],
  [1024, 512, 128, 85],
  [256, 128, 32, 21],
  [64, 32, 8, 8],
])('with %d descriptors: %d SMTP clients, %d HTTP clients and %d lanes', (descriptors, inbound, http, lanes) => {
  expect(decideConnectionRoom(descriptors)).toEqual({ inbound, http, lanes });
});

it('follows a limit that is changed while we run, and forgets none that cannot be read', () => {
  const facts: { now: number; limit: number | undefined } = { now: 0, limit: 65_536 };
  const room = makeConnectionRoom({ clock: { now: () => facts.now, monotonic: () => facts.now }, readLimit: () => facts.limit });
  expect(room()).toMatchObject({ http: 1000 });
  facts.limit = 1000;
  expect(room()).toMatchObject({ http: 1000 });
  facts.now = 20;
  expect(room()).toMatchObject({ http: 125 });
  facts.limit = undefined;
  facts.now = 40;
  expect(room()).toMatchObject({ http: 125 });
});

it('never gives away more than there is', () => {
  for (let descriptors = 128; descriptors < 10_000; descriptors += 7) {
    const { inbound, http, lanes } = decideConnectionRoom(descriptors);
    expect(inbound + http + 3 * lanes).toBeLessThanOrEqual(descriptors);
  }
});

it.each([
  ['Max open files            1024                 1048576              files     \n', 1024],
  ['Max open files            unlimited            unlimited            files     \n', Number.POSITIVE_INFINITY],
  ['', Number.POSITIVE_INFINITY],
])('reads %j as %d', (text, limit) => expect(parseFileLimit(text)).toBe(limit));
