/** What is started is stopped, in the right order, once. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Part, runParts } from '#app/parts.js';

const GRACE_MS = 100;

function makeWorld() {
  const told: string[] = [];
  const errors: Record<string, unknown>[] = [];
  const deps = { logger: { error: (facts: Record<string, unknown>) => void errors.push(facts) } as never, graceMs: GRACE_MS };
  const part = (name: string, more: Partial<Part<string>> = {}): Part<string> => ({
    name,
    start() {
      told.push(`start ${name}`);
      return name.toUpperCase();
    },
    stop: (graceMs, made) => void told.push(`stop ${made} ${graceMs}`),
    ...more,
  });
  return { told, errors, deps, part };
}

it('starts forwards and stops backwards, with the grace and what each start gave', async () => {
  const { told, deps, part } = makeWorld();
  const { made, stop } = await runParts(deps, async (start) => [await start(part('a')), await start(part('b'))]);
  expect(made).toEqual(['A', 'B']);
  await stop();
  expect(told).toEqual(['start a', 'start b', 'stop B 100', 'stop A 100']);
});

it('stops what was started before a part that cannot start, and rejects with its error', async () => {
  const { told, deps, part } = makeWorld();
  const running = runParts(deps, async (start) => {
    await start(part('a'));
    await start(part('b'));
    await start(part('c', { start: () => Promise.reject(new Error('in use')) }));
    await start(part('d'));
  });
  await expect(running).rejects.toThrow('in use');
  expect(told).toEqual(['start a', 'start b', 'stop B 100', 'stop A 100']);
});

it('stops what was started when something fails between two parts', async () => {
  const { told, deps, part } = makeWorld();
  const running = runParts(deps, async (start) => {
    await start(part('a'));
    throw new Error('bad file');
  });
  await expect(running).rejects.toThrow('bad file');
  expect(told).toEqual(['start a', 'stop A 100']);
});

it('rejects with what kept it from starting, not with what kept it from stopping then', async () => {
  const { errors, deps, part } = makeWorld();
  const running = runParts(deps, async (start) => {
    await start(part('a', { stop: () => Promise.reject(new Error('no')) }));
    throw new Error('bad file');
  });
  await expect(running).rejects.toThrow('bad file');
  expect(errors).toHaveLength(1);
});

it('stops once, however often it is asked, and every caller waits for the end', async () => {
  const { told, deps, part } = makeWorld();
  let end = () => {};
  const slow = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { stop } = await runParts(deps, async (start) => {
    await start(part('a'));
    await start(part('b', { stop: () => slow }));
  });
  let ended = 0;
  const stops = [stop(), stop()].map((stopped) => stopped.then(() => ended++));
  await turn();
  expect([ended, told]).toEqual([0, ['start a', 'start b']]);
  end();
  await Promise.all(stops);
  await stop();
  expect(told).toEqual(['start a', 'start b', 'stop A 100']);
});

it.each([
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])('logs a part whose stop %s, stops the rest, and tells the caller', async (_, stopping) => {
  const { told, errors, deps, part } = makeWorld();
  const { stop } = await runParts(deps, async (start) => {
    await start(part('a'));
    await start(part('b', { stop: stopping }));
  });
  await expect(stop()).rejects.toThrow('no');
  expect(errors).toEqual([{ err: new Error('no'), part: 'b' }]);
  expect(told.slice(2)).toEqual(['stop A 100']);
});

it('stops neighbours that carry mail at the same time, and what is below them after all of them', async () => {
  const { told, deps, part } = makeWorld();
  let end = () => {};
  const slow = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { stop } = await runParts(deps, async (start) => {
    await start(part('below'));
    await start(part('delivery', { carriesMail: true }));
    await start(
      part('smtp', {
        carriesMail: true,
        stop(graceMs) {
          told.push(`stop slow ${graceMs}`);
          return slow;
        },
      }),
    );
    await start(part('above'));
  });
  told.splice(0);
  const stopped = stop();
  await turn();
  expect(told).toEqual(['stop ABOVE 100', 'stop slow 100', 'stop DELIVERY 100']);
  end();
  await stopped;
  expect(told.at(-1)).toBe('stop BELOW 100');
});
