/**
 * The disk breaks under the running server: syncs, or writes, of the spool fail with EIO. Nothing is acknowledged that is not on the disk, the health
 * check is red, what is delivered meanwhile is written down as soon as that can be done and not sent twice, and the server works again by itself when
 * the disk does. One that cannot even start, or whose store is gone for good, ends once, not with 0, and says why.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { type IoFault, makeIoFault } from './support/io-fault.js';

const PATIENT = { timeoutMs: 30_000, intervalMs: 200 };

/** `where`: part of the names of the files that break. */
async function openBreakableWorld(context: TestContext, where = '/spool.db'): Promise<{ world: World; disk: IoFault }> {
  const folder = tempDir('mailwagon-io-');
  onTestFinished(folder.cleanup);
  const disk = makeIoFault(folder.path, where);
  if ('reason' in disk) return context.skip(disk.reason);
  const world = await openWorld({ wrap: disk.wrap });
  // Before the world's own hooks: it stops in good order.
  onTestFinished(disk.mend);
  return { world, disk };
}

async function readiness({ server }: World) {
  const answer = await fetch(`${server.url}/health/ready`);
  return { status: answer.status, body: await answer.json() };
}

const recipientsOf = ({ mx }: World) => mx.messages.flatMap(({ rcptTo }) => rcptTo).sort();

test.for(['sync', 'write'] as const)('%s fails: no acknowledgement, red health, and all well when the disk is', async (what, context) => {
  const { world, disk } = await openBreakableWorld(context);
  await world.send({ to: 'before@dst.test' });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  const { pid } = world.server.addresses;

  disk.break(what);
  for (let index = 0; index < 5; index++) {
    const form = { from: 'a@src.test', to: `refused${index}@dst.test`, text: 'not durable' };
    const { status, text } = await world.server.api('POST', '/v3/src.test/messages', { form });
    expect(status, text).toBeGreaterThanOrEqual(500);
    const { code } = await world.submit({ to: `refused${index}@dst.test` });
    expect(code).toBeGreaterThanOrEqual(400);
    expect(code).toBeLessThan(500);
  }
  const red = await waitFor(async () => {
    const answer = await readiness(world);
    return answer.status === 503 && answer;
  }, PATIENT);
  expect(red.body).toEqual({ status: 'not ready', reasons: ['store'] });
  expect((await fetch(`${world.server.url}/health/live`)).status).toBe(200);
  expect(process.kill(pid, 0)).toBe(true);

  disk.mend();
  await waitFor(async () => (await readiness(world)).status === 200, PATIENT);
  await world.send({ to: 'after-http@dst.test' });
  expect((await world.submit({ to: 'after-smtp@dst.test' })).code).toBe(250);
  await waitFor(() => world.mx.messages.length >= 3, PATIENT);
  // A restart reads what is really on the disk.
  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  await world.send({ to: 'last@dst.test' });
  await waitFor(() => world.mx.messages.length >= 4, PATIENT);
  expect(recipientsOf(world)).toEqual(['after-http@dst.test', 'after-smtp@dst.test', 'before@dst.test', 'last@dst.test']);
});

test('what is delivered while nothing can be written is written down later, and not sent twice', async (context) => {
  const { world, disk } = await openBreakableWorld(context);
  let answer = () => {};
  const mayAnswer = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world.mx.script.dot = async () => {
    await mayAnswer;
    return 'default';
  };
  await world.send({ to: 'underway@dst.test' });
  await waitFor(() => world.mx.attempts.length > 0, { what: 'a message that waits for its answer' });
  disk.break('write');
  answer();
  await waitFor(async () => (await readiness(world)).status === 503, PATIENT);
  expect((await world.events()).map(({ event }) => event)).toEqual(['accepted']);
  disk.mend();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(recipientsOf(world)).toEqual(['underway@dst.test']);
  expect(JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items).toEqual([]);
});

test('the file of a large message cannot be made durable: it is not acknowledged, and small ones are', async (context) => {
  const { world, disk } = await openBreakableWorld(context, '/data/spool/');
  const text = 'a line of a long text\n'.repeat(20_000);
  disk.break('sync');
  const form = { from: 'a@src.test', to: 'refused@dst.test', text };
  expect((await world.server.api('POST', '/v3/src.test/messages', { form })).status).toBeGreaterThanOrEqual(500);
  const { code } = await world.submit({ to: 'refused@dst.test', text });
  expect([code >= 400, code < 500]).toEqual([true, true]);
  await world.send({ to: 'small@dst.test' });
  disk.mend();
  expect((await world.submit({ to: 'large@dst.test', text })).code).toBe(250);
  await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(recipientsOf(world)).toEqual(['large@dst.test', 'small@dst.test']);
});

test('the log of events cannot be written: mail goes on, and every event is told when it can', async (context) => {
  const { world, disk } = await openBreakableWorld(context, '/events.db');
  disk.break('write');
  await world.send({ to: 'http@dst.test' });
  expect((await world.submit({ to: 'smtp@dst.test' })).code).toBe(250);
  await waitFor(() => world.mx.messages.length === 2, PATIENT);
  const failures = () => world.server.log.filter(({ msg }) => String(msg).startsWith('events could not be passed on'));
  await waitFor(() => failures().length >= 2, { ...PATIENT, what: 'writing to fail, and to fail again' });
  expect(await world.events()).toEqual([]);
  disk.mend();
  const events = await waitFor(async () => {
    const all = await world.events();
    return all.length >= 4 && all;
  }, PATIENT);
  expect(events.map(({ event, recipient }) => `${event} ${recipient}`).sort()).toEqual([
    'accepted http@dst.test',
    'accepted smtp@dst.test',
    'delivered http@dst.test',
    'delivered smtp@dst.test',
  ]);
});

test('a server that cannot write when it starts ends once, and says why', async (context) => {
  const { world, disk } = await openBreakableWorld(context);
  expect(await world.server.stop()).toBe(0);
  disk.break('write');
  await expect(world.server.start()).rejects.toThrow();
  expect(await world.server.exited()).toBeGreaterThan(0);
  expect(world.server.logText()).toMatch(/I\/O error|input\/output error|EIO|disk I\/O/i);
  disk.mend();
  await world.server.start();
  await world.send();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
});

test('a server whose store died ends once, and the next one has everything', async () => {
  const folder = tempDir('mailwagon-io-');
  onTestFinished(folder.cleanup);
  const file = join(folder.path, 'die');
  const hook = fileURLToPath(new URL('support/dying-threads.mjs', import.meta.url));
  const world = await openWorld({
    mx: { script: { rcpt: '451 4.2.1 later' } },
    wrap: ([node = '', ...rest]) => ['env', `DYING_THREADS=${file}`, node, '--import', hook, ...rest],
  });
  await world.send({ to: 'waiting@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  writeFileSync(file, '');
  expect(await world.server.exited()).toBe(1);
  const fatal = world.server.log.filter(({ level }) => level === 60);
  expect(fatal).toMatchObject([{ msg: 'cannot go on', err: { message: expect.stringContaining('a fault of the test') } }]);

  rmSync(file);
  world.mx.script = {};
  await world.server.start();
  await world.server.cli('queue', 'retry', '--all');
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1, delivered: 1 });
});
