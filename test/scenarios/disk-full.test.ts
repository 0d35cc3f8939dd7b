/** A full disk: new mail is refused in words clients understand, nothing is lost, and all goes on once there is room. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { fillDisk, mountSmallDisk } from './support/small-disk.js';
import { openWorld } from './support/world.js';

test('mail on a full disk', async ({ skip }) => {
  const disk = mountSmallDisk();
  if ('reason' in disk) return skip(disk.reason);
  // Without a floor the store itself meets the end of the disk.
  const world = await openWorld({
    dataDir: join(disk.path, 'data'),
    mx: { script: { rcpt: '451 4.2.1 later' } },
    config: { limits: { unverifiedDomainPerDay: null, diskFloor: 0 } },
  });
  const waiting = await world.send({ to: 'waiting@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });

  const makeRoom = fillDisk(disk.path);
  // What the databases have preallocated may still take a few.
  const accepted: string[] = [];
  const refusal = await waitFor(async () => {
    const form = { from: 'a@src.test', to: `n${accepted.length}@dst.test`, text: 'x'.repeat(50_000) };
    const { status, body } = await world.server.api('POST', '/v3/src.test/messages', { form });
    if (status !== 200) return { status, body };
    accepted.push(String(body.id).slice(1, -1));
    return undefined;
  });
  expect(refusal).toMatchObject({ status: 507, body: { message: 'Insufficient system storage' } });
  expect(await world.submit({ text: 'x'.repeat(50_000) })).toMatchObject({ code: 452, text: expect.stringContaining('4.3.1') });
  const large = { from: 'a@src.test', to: 'b@dst.test', text: 'x'.repeat(2_000_000) };
  expect((await world.server.api('POST', '/v3/src.test/messages', { form: large })).status).toBe(507);

  makeRoom();
  world.mx.script = {};
  const after = await waitFor(async () => {
    const { status, body } = await world.server.api('POST', '/v3/src.test/messages', {
      form: { from: 'a@src.test', to: 'after@dst.test', text: 'room again' },
    });
    return status === 200 && String(body.id).slice(1, -1);
  });
  const all = new Set([waiting, ...accepted, after]);
  await waitFor(async () => {
    await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } });
    const delivered = (await world.events()).filter(({ event }) => event === 'delivered');
    return delivered.length === all.size;
  });
  const arrived = world.mx.messages.map(({ data }) => /^Message-I[Dd]: <(.*)>/m.exec(data.toString('latin1'))?.[1]);
  expect(arrived.sort()).toEqual([...all].sort());
});
