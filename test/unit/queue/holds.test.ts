/** What a hold on a site keeps back. */
import { expect, it } from 'vitest';
import type { Delivery } from '#core';
import { makeHolds } from '#queue/holds.js';
import { EVERY_ACCOUNT } from '#store';

const SITES: Record<string, string> = {
  'a.test': 'mx.shared.test',
  'b.test': 'mx.shared.test sts:b.test',
  'c.test': 'mx.shared.test.elsewhere.test',
};
const deliveryTo = (destinationName: string) =>
  ({ account: 1, destinationName, message: 1, domain: 'src.test' }) as Delivery & { domain: string };

it.each([
  ['mx.shared.test', ['a.test', 'b.test']],
  ['mx.shared.test sts:b.test', ['b.test']],
])('a hold on the site %s is for mail to %s', async (site, held) => {
  const holds = makeHolds({ holds: async () => [], putHold: async () => 7, removeHolds: async () => undefined }, (name) => SITES[name]);
  await holds.add({ account: 1, site, reason: '', at: 1 });
  const found = Object.keys(SITES).filter((name) => holds.find(deliveryTo(name), SITES[name]) !== undefined);
  expect(found).toEqual(held);
});

it('a hold on every account is for each, and an account’s own is not the operator’s on it', async () => {
  let id = 0;
  const holds = makeHolds({ holds: async () => [], putHold: async () => ++id, removeHolds: async () => undefined }, () => undefined);
  const own = await holds.add({ account: 1, destination: 'a.test', reason: '', at: 1 });
  const over = await holds.add({ account: 1, destination: 'a.test', isOperators: true, reason: '', at: 1 });
  const everywhere = await holds.add({ account: EVERY_ACCOUNT, destination: 'b.test', isOperators: true, reason: '', at: 1 });
  expect(holds.list(1)).toEqual([own, over, everywhere]);
  expect(holds.list(2)).toEqual([everywhere]);
  expect(holds.list(EVERY_ACCOUNT)).toHaveLength(3);
  expect(holds.find({ ...deliveryTo('b.test'), account: 2 }, undefined)).toBe(everywhere);
  expect(holds.find({ ...deliveryTo('a.test'), account: 2 }, undefined)).toBeUndefined();
  expect(await holds.remove({ account: 1, destination: 'a.test' })).toEqual([own]);
  expect(await holds.remove({ account: 1, destination: 'b.test' })).toEqual([]);
  expect(holds.list(1)).toEqual([over, everywhere]);
});
