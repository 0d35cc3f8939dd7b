import { expect, it } from 'vitest';
import { makeSettleRows } from '#queue/settle.js';
import type { Lease } from '#store';

it('asks for the lease once, after a failure again, and names it with every settlement', async () => {
  const named: Lease[] = [];
  let asked = 0;
  const settle = makeSettleRows({
    async lease() {
      asked++;
      if (asked === 1) throw new Error('disk');
      return { flows: 'all', epoch: 7 };
    },
    async settle(lease, settlements) {
      named.push(lease);
      return settlements.map(() => true);
    },
  });
  await expect(settle([])).rejects.toThrow('disk');
  for (let time = 0; time < 3; time++) await settle([]);
  expect(asked).toBe(2);
  expect(named.map(({ epoch }) => epoch)).toEqual([7, 7, 7]);
});
