import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Body } from '#core';
import type { BodyWriter } from '#store';
import { DAY, makeMessage, makeNewMessage, openTestStores, type TestStores } from '../support/store.ts';

let stores: TestStores;
beforeEach(async () => {
  stores = await openTestStores();
});
afterEach(() => stores.cleanup());

const filesOf = (dataDir: string) =>
  readdirSync(join(dataDir, 'spool'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

async function read(body: Body): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stores.spool.openBody(body)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function writeBody(bytes: Uint8Array, chunkSize = 60_000): Promise<Body> {
  const writer = stores.spool.newBody();
  for (let from = 0; from < bytes.byteLength; from += chunkSize) await writer.write(bytes.subarray(from, from + chunkSize));
  return writer.finish();
}

const putWith = (id: number, body: Body) => stores.spool.put(makeNewMessage(id, [], { message: makeMessage(id, { body }) }));

describe('a body', () => {
  it.each([0, 1, 131_072])('of %i bytes stays in memory', async (size) => {
    const bytes = randomBytes(size);
    const body = await writeBody(bytes);
    expect(body).toMatchObject({ kind: 'inline' });
    expect((await read(body)).equals(bytes)).toBe(true);
    expect(filesOf(stores.dataDir)).toEqual([]);
  });

  it.each([131_073, 262_144, 3_000_000])('of %i bytes becomes a private file, read back whole', async (size) => {
    const bytes = randomBytes(size);
    const body = await writeBody(bytes);
    expect(body).toMatchObject({ kind: 'file', size });
    expect((await read(body)).equals(bytes)).toBe(true);
    const [file = ''] = filesOf(stores.dataDir);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await putWith(1, body);
    await stores.reopen();
    expect((await stores.spool.message(1))?.body).toEqual(body);
    expect((await read(body)).equals(bytes)).toBe(true);
  });

  it('keeps the order of writes that were not awaited', async () => {
    const writer = stores.spool.newBody();
    const chunks = Array.from({ length: 40 }, (_, index) => Buffer.alloc(50_000, index));
    for (const chunk of chunks) void writer.write(chunk);
    expect((await read(await writer.finish())).equals(Buffer.concat(chunks))).toBe(true);
  });

  it.each([1000, 1_000_000])('of %i bytes leaves nothing behind when it is discarded, at any time and twice', async (size) => {
    const writers: BodyWriter[] = [stores.spool.newBody(), stores.spool.newBody(), stores.spool.newBody()];
    for (const writer of writers.slice(1)) await writer.write(Buffer.alloc(size));
    await writers[2]?.finish();
    for (const writer of writers) {
      await writer.discard();
      await writer.discard();
    }
    expect(filesOf(stores.dataDir)).toEqual([]);
  });

  it('that is gone or short is an error, not a short message', async () => {
    const body = await writeBody(Buffer.alloc(200_000));
    const [file = ''] = filesOf(stores.dataDir);
    truncateSync(file, 199_999);
    await expect(read(body)).rejects.toMatchObject({ name: 'StoreError', kind: 'failed' });
    unlinkSync(file);
    await expect(read(body)).rejects.toMatchObject({ name: 'StoreError', kind: 'failed' });
  });

  it.each(['../../etc/passwd', '', 'ab/cd', 'A'.repeat(24)])('named %j is not looked for', async (name) => {
    await expect(read({ kind: 'file', name, size: 1 })).rejects.toThrow('not the name of a body file');
  });

  it('is unlinked when its message is swept', async () => {
    await putWith(1, await writeBody(Buffer.alloc(200_000)));
    await putWith(2, await writeBody(Buffer.alloc(200_000)));
    expect(filesOf(stores.dataDir)).toHaveLength(2);
    await stores.spool.sweep(1000 + 3 * DAY);
    expect(filesOf(stores.dataDir)).toEqual([]);
  });
});

describe('at open', () => {
  it('files that no message names are removed, those of messages and strangers are not', async () => {
    const kept = await writeBody(Buffer.alloc(200_000));
    await putWith(1, kept);
    await writeBody(Buffer.alloc(300_000));
    const stranger = join(stores.dataDir, 'spool', 'README');
    writeFileSync(stranger, 'mine');
    mkdirSync(join(stores.dataDir, 'spool', 'ff'), { recursive: true });
    const orphan = join(stores.dataDir, 'spool', 'ff', `ff${'0'.repeat(22)}`);
    writeFileSync(orphan, 'orphan');
    expect(filesOf(stores.dataDir)).toHaveLength(4);
    await stores.reopen();
    const left = filesOf(stores.dataDir);
    expect(left).toHaveLength(2);
    expect(left).toContain(stranger);
    expect(await read(kept)).toHaveLength(200_000);
  });
});
