/** The whole process stands still in the middle of deliveries, as it does when its machine is paused, and goes on: nothing is sent twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { waitFor } from '../support/wait-for.mjs';

const PAUSE_MS = 10_000;
const RECIPIENTS = Array.from({ length: 20 }, (_, index) => `r${index}@dst.test`);
const SHORT_DEADLINES = fileURLToPath(new URL('support/short-deadlines.mjs', import.meta.url));

/** Stops the server when its peer holds a whole message that it has not answered; the answer comes while the server cannot hear it. */
async function stopWhileSending(world: World): Promise<void> {
  const isStopped = { now: false };
  world.mx.script.dot = async () => {
    await waitFor(() => isStopped.now, { timeoutMs: 30_000, what: 'the stop' });
    return 'default';
  };
  onTestFinished(() => world.server.signal('SIGCONT'));
  await world.send({ to: RECIPIENTS });
  await waitFor(() => world.mx.attempts.length > 0, { what: 'a message that waits for its answer' });
  world.server.signal('SIGSTOP');
  isStopped.now = true;
  await sleep(PAUSE_MS);
  world.server.signal('SIGCONT');
}

async function checkNothingTwice(world: World): Promise<void> {
  const events = await world.waitForEvents({ accepted: RECIPIENTS.length, delivered: RECIPIENTS.length });
  const delivered = events.filter(({ event }) => event === 'delivered').map(({ recipient }) => recipient);
  expect(delivered.sort()).toEqual([...RECIPIENTS].sort());
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual([...RECIPIENTS].sort());
  expect(JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items).toEqual([]);
}

test('a pause of ten seconds', async () => {
  const world = await openWorld();
  await stopWhileSending(world);
  await checkNothingTwice(world);
});

test('a pause longer than the deadline for the answer, which came meanwhile', async () => {
  const world = await openWorld({ wrap: ([node = '', ...rest]) => [node, '--import', SHORT_DEADLINES, ...rest] });
  await stopWhileSending(world);
  await checkNothingTwice(world);
});
