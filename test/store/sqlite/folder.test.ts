import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStores } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';
import { type Child, startChild } from '../support/start-child.ts';

let folder: ReturnType<typeof tempDir>;
let dataDir: string;
let children: Child[];
beforeEach(() => {
  folder = tempDir();
  dataDir = join(folder.path, 'not', 'yet');
  children = [];
});
afterEach(async () => {
  for (const child of children) await child.kill('SIGKILL');
  folder.cleanup();
});

const open = () =>
  openStores({
    dataDir,
    onFatal: (error) => {
      throw error;
    },
  });
function child(...args: Parameters<typeof startChild>): Child {
  const started = startChild(...args);
  children.push(started);
  return started;
}

describe('the data folder', () => {
  it('is made, private, and says whose it is while it is open', async () => {
    const stores = await open();
    for (const [path, mode] of [
      ['.', 0o700],
      ['spool', 0o700],
      ['directory.db', 0o600],
      ['spool.db', 0o600],
      ['events.db', 0o600],
      ['mailwagon.pid', 0o600],
    ] as const) {
      expect(statSync(join(dataDir, path)).mode & 0o777, path).toBe(mode);
    }
    expect(readFileSync(join(dataDir, 'mailwagon.pid'), 'utf8')).toBe(`${process.pid}\n`);
    await stores.close();
    expect(existsSync(join(dataDir, 'mailwagon.pid'))).toBe(false);
    expect(existsSync(join(dataDir, 'spool.db-wal'))).toBe(false);
  });

  it('is refused to a second process until the first is gone, also by kill -9', async () => {
    const first = child('hold', dataDir);
    await first.line('open');
    await expect(open()).rejects.toThrow(`data folder ${dataDir} is in use by another mailwagon (pid ${first.process.pid})`);
    const second = child('hold', dataDir);
    await second.line(`refused data folder ${dataDir} is in use by another mailwagon (pid ${first.process.pid})`);
    await first.kill('SIGKILL');
    const stores = await open();
    const third = child('hold', dataDir);
    await third.line(`refused data folder ${dataDir} is in use by another mailwagon (pid ${process.pid})`);
    await stores.close();
    const fourth = child('hold', dataDir);
    await fourth.line('open');
  });

  it('is refused twice in one process too, and the refusal does not loosen the first lock', async () => {
    const stores = await open();
    await expect(open()).rejects.toThrow('is in use by another mailwagon');
    const other = child('hold', dataDir);
    await other.line('refused');
    await stores.close();
  });

  it('that cannot be written is refused with the reason', async () => {
    mkdirSync(dataDir, { recursive: true });
    if (process.getuid?.() === 0) {
      // Root may write everywhere, so somebody else has to try.
      chmodSync(folder.path, 0o755);
      const other = child('hold', dataDir, { uid: 65_534 });
      await other.line(`refused data folder ${dataDir} is not writable: EACCES`);
      expect(await other.ended).toBe(1);
    } else {
      chmodSync(dataDir, 0o500);
      await expect(open()).rejects.toThrow(`data folder ${dataDir} is not writable: EACCES`);
      chmodSync(dataDir, 0o700);
    }
  });

  it('that is a file is refused with the reason', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    dataDir = join(folder.path, 'file');
    await expect(open()).rejects.toThrow(`data folder ${dataDir} is not writable: EEXIST`);
    dataDir = join(folder.path, 'file', 'below');
    await expect(open()).rejects.toThrow(`data folder ${dataDir} is not writable: ENOTDIR`);
  });

  it('with a database that is none is refused by name', async () => {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'spool.db'), 'this is not a database, but it is long enough to look at'.repeat(50));
    await expect(open()).rejects.toThrow(/spool\.db: file is not a database/);
  });
});
