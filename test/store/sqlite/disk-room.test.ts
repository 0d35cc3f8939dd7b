import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DiskRoom, makeDiskRoom } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';

let folder: ReturnType<typeof tempDir>;
let room: DiskRoom;
beforeEach(() => {
  folder = tempDir();
  room = makeDiskRoom(folder.path);
});
afterEach(() => folder.cleanup());

it('measures the disk and the write-ahead logs', async () => {
  writeFileSync(join(folder.path, 'spool.db-wal'), 'x'.repeat(1000));
  writeFileSync(join(folder.path, 'events.db-wal'), 'x'.repeat(20));
  const { free, total, walBytes } = await room.measure();
  expect(walBytes).toBe(1020);
  expect(free).toBeGreaterThan(0);
  expect(total).toBeGreaterThanOrEqual(free);
});

it('says what keeps it from measuring', async () => {
  await expect(makeDiskRoom(join(folder.path, 'missing')).measure()).rejects.toMatchObject({ name: 'StoreError', kind: 'failed' });
});

it('holds ballast of exactly the size asked for, in real blocks, until it is dropped', async () => {
  expect(await room.ballast()).toBe(0);
  await room.takeBallast(2_500_000);
  expect(await room.ballast()).toBe(2_500_000);
  const file = statSync(join(folder.path, 'ballast'));
  expect(file.blocks * 512).toBeGreaterThanOrEqual(2_500_000);
  expect(file.mode & 0o077).toBe(0);
  await room.dropBallast();
  await room.dropBallast();
  expect(await room.ballast()).toBe(0);
});

it('leaves no ballast that it could not write whole', async () => {
  const nowhere = makeDiskRoom(join(folder.path, 'missing'));
  await expect(nowhere.takeBallast(10)).rejects.toMatchObject({ name: 'StoreError' });
  expect(existsSync(join(folder.path, 'missing'))).toBe(false);
});
