/** A full disk: new mail is refused in words clients understand, nothing is lost, and all goes on once there is room. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld } from './support/world.js';

/** A small disk for the running test, or why there is none. */
function mountSmallDisk(): { path: string } | { reason: string } {
  if (process.getuid?.() !== 0) return { reason: 'mounting a small disk needs root' };
  const folder = tempDir('mailwagon-disk-');
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'tmpfs', folder.path], { encoding: 'utf8' });
  if (status !== 0) {
    folder.cleanup();
    return { reason: `mount failed: ${stderr?.trim()}` };
  }
  // The last of the hooks to run: the server is gone by then.
  onTestFinished(() => {
    spawnSync('umount', [folder.path]);
    folder.cleanup();
  });
  return { path: folder.path };
}

/** Writes until nothing more fits; gives the function that makes room again. */
function fillDisk(folder: string): () => void {
  const filler = join(folder, 'filler');
  for (const size of [1024 * 1024, 4096]) {
    const chunk = Buffer.alloc(size, 'x');
    for (;;) {
      try {
        appendFileSync(filler, chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        break;
      }
    }
  }
  return () => rmSync(filler);
}

test('mail on a full disk', async ({ skip }) => {
  const disk = mountSmallDisk();
  if ('reason' in disk) return skip(disk.reason);
  const world = await openWorld({ dataDir: join(disk.path, 'data'), mx: { script: { rcpt: '451 4.2.1 later' } } });
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
