import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCalls, startStoreThread } from '#store/engines/sqlite/threads/store-thread.js';
import { tempDir } from '../../support/temp-dir.mjs';
import { waitFor } from '../../support/wait-for.mjs';

const DIST = new URL('../../../dist/store/engines/sqlite/', import.meta.url).href;

/** A store thread with one file, a table and a few methods of its own. */
const SCRIPT = `
import { openDatabase } from '${DIST}database/open-database.js';
import { serveThread } from '${DIST}threads/serve-thread.js';
serveThread((dataDir) => {
  if (dataDir.includes('broken')) throw new Error('cannot open this');
  const database = openDatabase(dataDir + '/a.db', 'writer');
  database.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY) STRICT');
  const insert = database.prepare('INSERT INTO t VALUES (?)');
  const count = database.prepare('SELECT count(*) AS rows FROM t');
  return [{
    name: 'file',
    database,
    reads: { count: () => count.get().rows, end: () => process.exit(3), crash: () => { setImmediate(() => { throw new Error('bug'); }); } },
    writes: { add: (id) => insert.run(id).changes },
    memory: {},
  }];
});`;

interface Operations {
  count(): number;
  add(id: number): number;
  end(): void;
  crash(): void;
}

let folder: ReturnType<typeof tempDir>;
let deaths: Error[];
beforeEach(() => {
  folder = tempDir();
  deaths = [];
  writeFileSync(join(folder.path, 'thread.mjs'), SCRIPT);
});
afterEach(() => folder.cleanup());

async function start(dataDir = folder.path) {
  const thread = await startStoreThread(
    pathToFileURL(join(folder.path, 'thread.mjs')),
    { dataDir },
    { onDeath: (error) => deaths.push(error) },
  );
  return { thread, calls: makeCalls<Operations>('file', [thread]) };
}

describe('a store thread', () => {
  it('commits what one turn asks for together, a failing call alone', async () => {
    const { thread, calls } = await start();
    const answers = await Promise.allSettled([calls.add(1), calls.add(1), calls.add(2), calls.count()]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.kind))).toEqual([1, 'conflict', 1, 2]);
    await expect(thread.call('file.missing', [])).rejects.toMatchObject({ name: 'StoreError', kind: 'failed' });
    await thread.close();
    await expect(calls.count()).rejects.toMatchObject({ name: 'StoreError', kind: 'closed' });
    expect(deaths).toEqual([]);
  });

  it.each(['end', 'crash'] as const)('that dies (%s) rejects what waits and tells it once', async (how) => {
    const { thread, calls } = await start();
    const waiting = Promise.allSettled([calls[how](), calls.add(1)]);
    await waitFor(() => deaths.length > 0);
    for (const { status, reason } of (await waiting) as PromiseRejectedResult[]) {
      if (status === 'rejected') expect(reason).toMatchObject({ name: 'StoreError', kind: 'failed' });
    }
    await expect(calls.count()).rejects.toMatchObject({ kind: 'failed' });
    await thread.close();
    expect(deaths).toHaveLength(1);
    expect(deaths[0]?.message).toMatch(/died: (exit code 3|bug)/);
  });

  it('tells what it answers, and two threads may not answer the same', async () => {
    const { thread } = await start();
    expect([...thread.operations].sort()).toEqual(['file.add', 'file.count', 'file.crash', 'file.end', 'thread.commitStats']);
    expect(() => makeCalls('file', [thread, thread])).toThrow('two threads answer file.count');
    await thread.close();
  });

  it('that cannot open its files says why, and is no death', async () => {
    await expect(start('/broken')).rejects.toThrow('cannot open this');
    await expect(
      startStoreThread(pathToFileURL(join(folder.path, 'none.mjs')), { dataDir: '' }, { onDeath: (error) => deaths.push(error) }),
    ).rejects.toThrow(/none\.mjs/);
    expect(deaths).toEqual([]);
  });

  it('hears of a value that cannot be sent at once', async () => {
    const { thread, calls } = await start();
    await expect(calls.add((() => 1) as unknown as number)).rejects.toMatchObject({ kind: 'failed' });
    expect(await calls.add(5)).toBe(1);
    await thread.close();
  });
});
