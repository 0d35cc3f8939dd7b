/** Mail is refused before it hurts: by the cap of an account, by the floor of the disk; what was accepted is delivered all the same. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { fillDisk, mountSmallDisk } from './support/small-disk.js';
import { openWorld, type World } from './support/world.js';

/** False when it cannot be done here. Takes effect in the running process. */
const limitFileSize = (pid: number, bytes: number | 'unlimited') =>
  spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]).status === 0;

/** Patience for a machine that is busy with other tests. */
const PATIENT = { timeoutMs: 30_000 };

const MB = 1024 * 1024;
const messageIds = (world: World) => world.mx.messages.map(({ data }) => /^Message-I[Dd]: <(.*)>/m.exec(data.toString('latin1'))?.[1]);

test('below the floor of the disk mail is refused while deliveries go on, and nothing is lost', async ({ skip }) => {
  const disk = mountSmallDisk();
  if ('reason' in disk) return skip(disk.reason);
  const dataDir = join(disk.path, 'data');
  const world = await openWorld({
    dataDir,
    mx: { script: { rcpt: '451 4.2.1 later' } },
    config: { limits: { unverifiedDomainPerDay: null, diskFloor: '16 MiB' } },
  });
  const free = () => {
    const { bavail, bsize } = statfsSync(disk.path);
    return bavail * bsize;
  };
  await waitFor(() => readdirSync(dataDir).includes('ballast'), PATIENT);
  const accepted = [await world.send(), await world.send({ text: 'x'.repeat(200_000) })];
  await world.waitForEvents({ accepted: 2, 'failed temporary': 2 });

  // Somebody else takes the room: refused, with room left.
  writeFileSync(join(disk.path, 'other'), Buffer.alloc(free() - 12 * MB));
  const refused = await waitFor(async () => {
    const form = { from: 'a@src.test', to: 'b@dst.test', text: 'one more' };
    const answer = await world.server.api('POST', '/v3/src.test/messages', { form });
    if (answer.status === 200) accepted.push(String(answer.body.id).slice(1, -1));
    return answer.status !== 200 && answer;
  });
  expect(refused).toMatchObject({ status: 507, body: { message: 'Insufficient system storage' } });
  expect(await world.submit()).toMatchObject({ code: 452, text: expect.stringContaining('4.3.1') });
  expect(free()).toBeGreaterThan(8 * MB);

  // Now all of it is gone. The ballast is given up, and what was accepted is delivered and recorded.
  const makeRoom = fillDisk(disk.path);
  await waitFor(() => !readdirSync(dataDir).includes('ballast'), PATIENT);
  world.mx.script = {};
  await waitFor(async () => {
    await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } });
    return (await world.events()).filter(({ event }) => event === 'delivered').length === accepted.length;
  }, PATIENT);
  expect(messageIds(world).sort()).toEqual([...accepted].sort());
  expect(await world.submit()).toMatchObject({ code: 452 });

  makeRoom();
  rmSync(join(disk.path, 'other'));
  await waitFor(async () => (await world.submit()).code === 250, PATIENT);
  await waitFor(() => readdirSync(dataDir).includes('ballast'), PATIENT);
});

test('an account at its cap is told to come back, until some of its mail is done', async () => {
  const world = await openWorld({
    mx: { script: { rcpt: '451 4.2.1 later' } },
    config: { limits: { unverifiedDomainPerDay: null, queuedPerAccount: 2 } },
  });
  await world.send();
  await world.send();
  const form = { from: 'a@src.test', to: 'b@dst.test', text: 'one too many' };
  const refused = await world.server.api('POST', '/v3/src.test/messages', { form });
  expect(refused).toMatchObject({ status: 429, body: { message: expect.stringContaining('waiting to be delivered') } });
  expect(await world.submit()).toMatchObject({ code: 452, text: expect.stringContaining('4.3.1') });
  world.mx.script = {};
  await waitFor(async () => {
    await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } });
    return world.mx.messages.length === 2;
  }, PATIENT);
  await waitFor(async () => (await world.submit()).code === 250, PATIENT);
});

test('a store that cannot write acknowledges nothing, and works again as soon as it can', async ({ skip }) => {
  const world = await openWorld({ mx: { script: { rcpt: '451 4.2.1 later' } } });
  await world.send();
  // No file may grow any more: the writes fail as they do on a broken disk.
  if (!limitFileSize(world.server.addresses.pid, 4096)) return skip('prlimit is missing');
  const form = { from: 'a@src.test', to: 'b@dst.test', text: 'not durable' };
  const answer = await waitFor(async () => {
    const { status } = await world.server.api('POST', '/v3/src.test/messages', { form });
    return status !== 200 && status;
  });
  expect([503, 507]).toContain(answer);
  expect((await world.submit()).code).toBeGreaterThanOrEqual(450);
  limitFileSize(world.server.addresses.pid, 'unlimited');
  await waitFor(async () => (await world.submit({ subject: 'durable' })).code === 250, PATIENT);
  world.mx.script = {};
  await waitFor(async () => {
    await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } });
    return world.mx.messages.some(({ data }) => data.toString('latin1').includes('Subject: durable'));
  }, PATIENT);
});
