/** A batch of a thousand is accepted in one commit of the spool, as a single message is: a crash keeps all of it or nothing. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld, type World } from './support/world.js';

/** Calls that the spool committed, and the commits they shared, when nothing is written any more. */
async function committed({ server }: World): Promise<{ calls: number; commits: number }> {
  const read = async () => {
    const { text } = await server.api('GET', '/metrics');
    const of = (part: string) => Number(new RegExp(`^mailwagon_store_group_calls_${part}{database="spool"} (\\d+)$`, 'm').exec(text)?.[1]);
    return { calls: of('sum'), commits: of('count') };
  };
  let last = await read();
  let steady = 0;
  await waitFor(
    async () => {
      const now = await read();
      steady = now.calls === last.calls ? steady + 1 : 0;
      last = now;
      return steady >= 8;
    },
    { timeoutMs: 20_000, intervalMs: 100, what: 'a spool at rest' },
  );
  return last;
}

test('a thousand recipients of one call are one commit', async () => {
  const world = await openWorld();
  const commitsOf = async (count: number) => {
    const before = await committed(world);
    await world.send({
      to: Array.from({ length: count }, (_, index) => `r${index}@dst.test`).join(', '),
      // Nothing is attempted meanwhile.
      'o:deliverytime': String(Math.floor(Date.now() / 1000) + 86_400),
      'recipient-variables': '{}',
    });
    const after = await committed(world);
    return { calls: after.calls - before.calls, commits: after.commits - before.commits };
  };
  // Its events are handed over to the log in another.
  const one = await commitsOf(1);
  expect(one).toEqual({ calls: 2, commits: 2 });
  expect(await commitsOf(1000)).toEqual(one);
});
