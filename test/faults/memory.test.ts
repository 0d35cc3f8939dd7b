/**
 * The memory that the process may have runs short. Up to nine tenths of it mail is taken in and caches are given up; beyond, nobody's mail is, readiness
 * says so, and what was accepted is delivered all the same; with room again it is as before.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { parsePrometheus, sampleOf } from '../support/prometheus-text.js';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';

const GIVEN_MEMORY = fileURLToPath(new URL('support/given-memory.mjs', import.meta.url));

async function readiness({ server }: World) {
  const answer = await fetch(`${server.url}/health/ready`);
  return { status: answer.status, body: await answer.json() };
}

const isAccepting = async ({ server }: World) =>
  sampleOf(parsePrometheus(await (await fetch(`${server.url}/metrics`)).text()), 'mailwagon_accepting', {});

test('memory runs short, and is enough again', async () => {
  const folder = tempDir('mailwagon-memory-');
  onTestFinished(folder.cleanup);
  const file = join(folder.path, 'percent');
  const give = (percent: number) => writeFileSync(file, String(percent));
  const world = await openWorld({
    mx: { script: { rcpt: '451 4.2.1 later' } },
    wrap: ([node = '', ...rest]) => ['env', `GIVEN_MEMORY=${file}`, node, '--import', GIVEN_MEMORY, ...rest],
  });
  await world.send({ to: 'before@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });

  // Four fifths are used: tight, and everybody is served.
  give(125);
  await waitFor(async () => (await isAccepting(world)) === 1);
  await world.send({ to: 'tight@dst.test' });
  expect((await world.submit({ to: 'tight-smtp@dst.test' })).code).toBe(250);

  give(105);
  await waitFor(async () => (await readiness(world)).status === 503, { what: 'red health' });
  expect((await readiness(world)).body).toEqual({ status: 'not ready', reasons: ['no room'] });
  expect((await fetch(`${world.server.url}/health/live`)).status).toBe(200);
  expect(await isAccepting(world)).toBe(0);
  const form = { from: 'a@src.test', to: 'refused@dst.test', text: 'no room' };
  const refused = await world.server.api('POST', '/v3/src.test/messages', { form });
  expect(refused).toMatchObject({ status: 503, body: { message: 'Service is overloaded, try again later' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  // Before or after the login: whoever asks is sent away for now.
  const overSmtp = await world
    .submit({ to: 'refused-smtp@dst.test' })
    .catch((error: Error) => ({ code: Number(/\b421\b/.exec(error.message)?.[0]) }));
  expect(overSmtp.code).toBe(421);

  const accepted = ['before@dst.test', 'tight-smtp@dst.test', 'tight@dst.test'];
  world.mx.script = {};
  await world.server.cli('queue', 'retry', '--all');
  await waitFor(() => world.mx.messages.length === accepted.length, { timeoutMs: 30_000, what: 'delivery of what was accepted' });
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(accepted);

  rmSync(file);
  await waitFor(async () => (await readiness(world)).status === 200, { what: 'green health' });
  expect((await world.submit({ to: 'after@dst.test' })).code).toBe(250);
  await waitFor(() => world.mx.messages.length === accepted.length + 1, { timeoutMs: 30_000 });
});
