import { beforeEach, describe, expect, it } from 'vitest';
import { makePortBlock, type PortBlock } from '#delivery/sources/port-block.js';

const MINUTE = 60_000;
let now = 0;
let block: PortBlock;
beforeEach(() => {
  now = 0;
  block = makePortBlock({ clock: { now: () => 0, monotonic: () => now } });
});
const fail = (...sites: string[]) => {
  for (const site of sites) block.note('s', site, false);
};

describe('a blocked port', () => {
  it('shows after three sites that could not be connected to', () => {
    fail('a', 'b', 'b', 'a');
    expect(block.isClosed('s')).toBe(false);
    fail('c');
    expect(block.isClosed('s')).toBe(true);
    expect(block.isClosed('other')).toBe(false);
  });

  it('is none when one could be connected to in between', () => {
    fail('a', 'b');
    block.note('s', 'x', true);
    fail('c');
    expect(block.isClosed('s')).toBe(false);
  });

  it('is none when the failures are far apart', () => {
    fail('a', 'b');
    now += 16 * MINUTE;
    fail('c');
    expect(block.isClosed('s')).toBe(false);
  });

  it('is tried by one delivery a minute, until one gets through', () => {
    fail('a', 'b', 'c');
    now += MINUTE;
    expect([block.isClosed('s'), block.isClosed('s')]).toEqual([false, true]);
    fail('a');
    now += MINUTE;
    expect([block.isClosed('s'), block.isClosed('s')]).toEqual([false, true]);
    block.note('s', 'a', true);
    expect([block.isClosed('s'), block.isClosed('s')]).toEqual([false, false]);
  });
});
