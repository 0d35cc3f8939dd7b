/** What the epoch is for: another process that opened the same spool although the folder was locked, as on a disk whose locks are worth nothing. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStores, type Stores } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { makeEvent, makeNewMessage } from '../support/store.ts';

let folder: ReturnType<typeof tempDir>;
let stores: Stores;
let deaths: Error[];
beforeEach(async () => {
  folder = tempDir();
  deaths = [];
  stores = await openStores({ dataDir: folder.path, onFatal: (error) => deaths.push(error) });
});
afterEach(async () => {
  await stores.close();
  folder.cleanup();
});

/** Does to the file what another opener does. */
function takeOver(): void {
  const spool = new Database(join(folder.path, 'spool.db'));
  spool.exec('UPDATE lease SET epoch = epoch + 1');
  spool.close();
}

it.each(['put', 'settle'] as const)('makes the first one refuse to %s, keep nothing of it, and end', async (what) => {
  const { spool } = stores;
  const lease = await spool.lease();
  const [row] = await spool.put(makeNewMessage(100));
  if (row === undefined) throw new Error('a delivery was put');
  takeOver();
  const late =
    what === 'put'
      ? spool.put(makeNewMessage(200, [10], { events: [makeEvent('late')] }))
      : spool.settle(lease, [{ kind: 'done', key: row, message: 100, at: 1, events: [makeEvent('late')] }]);
  await expect(late).rejects.toMatchObject({ name: 'StoreError', kind: 'superseded', message: expect.stringContaining('another owner') });
  await waitFor(() => deaths.length > 0);
  expect(deaths.map(({ message }) => message)).toEqual([expect.stringContaining('another process')]);
  await stores.close();
  stores = await openStores({ dataDir: folder.path, onFatal: (error) => deaths.push(error) });
  expect((await stores.spool.lease()).epoch).toBe(lease.epoch + 2);
  expect((await stores.spool.list({ account: 1, limit: 10 })).map(({ message }) => message)).toEqual([100]);
  expect(await stores.spool.outbox(0, 10)).toEqual([]);
});
