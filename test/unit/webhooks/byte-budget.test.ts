import { expect, it } from 'vitest';
import { makeByteBudget } from '#webhooks/byte-budget.js';

it('lets in what fits, in order, and what is larger than everything alone', async () => {
  const budget = makeByteBudget(100);
  const log: string[] = [];
  const take = async (name: string, bytes: number) => {
    const giveBack = await budget.take(bytes);
    log.push(name);
    return giveBack;
  };
  const first = await take('first', 60);
  const huge = take('huge', 1000);
  const small = take('small', 10);
  await Promise.resolve();
  expect(log).toEqual(['first']);
  first();
  (await huge)();
  (await small)();
  expect(log).toEqual(['first', 'huge', 'small']);
  await take('last', 100);
  expect(log).toHaveLength(4);
});
