import { expect, it } from 'vitest';
import { MINUTE } from '#core';
import { makeRemembered } from '#directory/cache/remembered.js';
import { makeChangeFeed } from '#store';

function setUp() {
  const clock = { time: 0, now: () => clock.time, monotonic: () => clock.time };
  const changes = makeChangeFeed();
  const remembered = makeRemembered<string | undefined>({
    ...{ clock, changes, forgetOn: { domain: 'key', pool: 'all' }, maxEntries: 3, lifetimeMs: MINUTE },
  });
  const reads: string[] = [];
  const get = (key: string) =>
    remembered.get(key, async () => {
      reads.push(key);
      return key === 'none' ? undefined : `value of ${key}`;
    });
  return { clock, changes, remembered, reads, get };
}

it('reads once while it lasts, and asks again for what there is not', async () => {
  const { clock, reads, get } = setUp();
  for (const key of ['a', 'a', 'none', 'none']) await get(key);
  expect(reads).toEqual(['a', 'none', 'none']);
  clock.time = MINUTE + 1;
  expect(await get('a')).toBe('value of a');
  expect(reads).toHaveLength(4);
});

it('forgets the one that has changed, or all of them, and nothing for what is not its own', async () => {
  const { changes, reads, get } = setUp();
  const readAgain = async (change: Parameters<typeof changes.publish>[0][0]) => {
    await get('a');
    await get('b');
    reads.length = 0;
    changes.publish([change]);
    await get('a');
    await get('b');
    return reads.join('');
  };
  expect(await readAgain({ noun: 'domain', key: 'b' })).toBe('b');
  expect(await readAgain({ noun: 'domain', key: undefined })).toBe('ab');
  expect(await readAgain({ noun: 'pool', key: 'whichever' })).toBe('ab');
  expect(await readAgain({ noun: 'template', key: undefined })).toBe('');
});

it('gives, but does not keep, what was being read while it changed', async () => {
  const { changes, remembered } = setUp();
  const old = await remembered.get('a', async () => {
    changes.publish([{ noun: 'domain', key: 'a' }]);
    return 'old';
  });
  expect(old).toBe('old');
  expect(await remembered.get('a', async () => 'new')).toBe('new');
  expect(await remembered.get('a', async () => 'newer')).toBe('new');
});
