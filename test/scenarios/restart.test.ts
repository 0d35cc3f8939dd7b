/** What was accepted is there after the process is gone, however it went: queued mail is delivered, deferred mail keeps its time. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld } from './support/world.js';

test.each(['SIGTERM', 'SIGKILL'] as const)('after %s queued mail is delivered by the next start', async (signal) => {
  const world = await openWorld({ mx: { script: { mail: 'silence' } } });
  const big = 'x'.repeat(300_000);
  await world.send({ to: ['a@dst.test', 'b@dst.test'], text: big });
  await world.submit({ to: 'c@dst.test', text: big });
  await waitFor(() => world.mx.sessions.length > 0, { what: 'a first attempt' });
  expect(await world.server.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');

  world.mx.script = {};
  await world.server.start();
  await waitFor(async () => (await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } })).status === 200);
  await world.mx.waitForMessages(3);
  const events = await waitFor(async () => {
    const all = await world.events();
    return all.filter(({ event }) => event === 'delivered').length === 3 && all;
  });
  expect(events.filter(({ event }) => event === 'accepted')).toHaveLength(3);
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(['a@dst.test', 'b@dst.test', 'c@dst.test']);
  for (const { data } of world.mx.messages) expect(data.length).toBeGreaterThan(big.length);
});

test('deferred mail keeps its due time and its attempts', async () => {
  const world = await openWorld({ mx: { script: { rcpt: '450 4.2.1 later' } } });
  await world.send();
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  const list = async () => JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items;
  const before = await list();
  expect(before).toMatchObject([{ attempts: 1 }]);
  await world.server.stop();
  await world.server.start();
  expect(await list()).toEqual(before);
  expect(await world.events()).toHaveLength(2);
});
