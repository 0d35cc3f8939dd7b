/** What a hold on a site keeps back. */
import { expect, it } from 'vitest';
import type { Delivery } from '../../../dist/core/index.js';
import { makeHolds } from '../../../dist/queue/holds.js';

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
