/** SIGTERM while mail is coming in and going out: what was acknowledged is delivered once, what was not is not, and the exit code is 0. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld, type World } from './support/world.js';

const SENDERS = 6;

test('nothing is lost and nothing is sent twice', async () => {
  const world = await openWorld({ mx: { script: { dot: { delayMs: 30 } } } });
  const accepted = new Set<string>();
  const tried = new Set<string>();
  let stopping = false;

  async function sendUntilStopped(sender: number): Promise<void> {
    for (let index = 0; ; index++) {
      const to = `m${sender}-${index}@dst.test`;
      tried.add(to);
      if (!(await tryToSend(world, to, sender % 2 === 0))) {
        if (stopping) return;
        throw new Error(`${to} was refused before the stop`);
      }
      accepted.add(to);
    }
  }

  const senders = Array.from({ length: SENDERS }, (_, sender) => sendUntilStopped(sender));
  await waitFor(() => accepted.size >= 60 && world.mx.messages.length >= 20, { timeoutMs: 20_000, what: 'load' });
  stopping = true;
  expect(await world.server.stop()).toBe(0);
  await Promise.all(senders);
  const sentBeforeStop = world.mx.messages.length;
  // The last word of the process was its last deed.
  await sleep(200);
  expect(world.mx.messages).toHaveLength(sentBeforeStop);

  world.mx.script = {};
  await world.server.start();
  await waitFor(async () => (await world.server.api('GET', '/mailwagon/v1/queue')).body.items.length === 0, {
    timeoutMs: 20_000,
    what: 'an empty queue',
  });
  const arrived = world.mx.messages.flatMap(({ rcptTo }) => rcptTo);
  expect(arrived.length).toBe(new Set(arrived).size);
  expect([...accepted].filter((to) => !arrived.includes(to))).toEqual([]);
  expect(arrived.filter((to) => !tried.has(to))).toEqual([]);
  const events = await waitFor(async () => {
    const all = await world.events();
    return all.filter(({ event }) => event === 'delivered').length === arrived.length && all;
  });
  expect(events.filter(({ event }) => event === 'accepted')).toHaveLength(arrived.length);
  expect(events).toHaveLength(2 * arrived.length);
});

/** False when it was not acknowledged, for whatever reason. */
async function tryToSend(world: World, to: string, overHttp: boolean): Promise<boolean> {
  try {
    if (!overHttp) return (await world.submit({ to })).code === 250;
    await world.send({ to });
    return true;
  } catch {
    return false;
  }
}
