import { expect, it } from 'vitest';
import { makeConcurrencyLimit } from '#core';

it('runs so many tasks at once and the others in order, whatever becomes of each', async () => {
  const turns = makeConcurrencyLimit(2);
  const begun: [name: number, load: number][] = [];
  const ends: (() => void)[] = [];
  const task = (name: number, fails = false) =>
    turns(async (load) => {
      begun.push([name, load]);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (fails) throw new Error('failed');
      return name;
    });
  const results = [task(1, true), task(2), task(3), task(4)];
  const settled = Promise.allSettled(results);
  await expect
    .poll(() => begun)
    .toEqual([
      [1, 1],
      [2, 2],
    ]);
  ends[0]?.();
  await expect.poll(() => begun).toHaveLength(3);
  ends[1]?.();
  await expect.poll(() => begun).toHaveLength(4);
  for (const end of ends) end();
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(begun.slice(2)).toEqual([
    [3, 3],
    [4, 2],
  ]);
  expect(await turns(async (load) => load)).toBe(1);
});
