/**
 * A disk without room. As root on Linux the data folder is a small tmpfs, where SQLite meets a true ENOSPC. Everybody else gets a
 * limit on the size of files (`ulimit -f`), which fails the same writes with EFBIG: SQLite then reports an I/O error rather than a
 * full disk, so only the kind differs.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStores } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';
import { type Child, startChild } from '../support/start-child.ts';

let folder: ReturnType<typeof tempDir>;
let dataDir: string;
let child: Child | undefined;
let unmount: () => void;
beforeEach(() => {
  folder = tempDir();
  dataDir = join(folder.path, 'data');
  mkdirSync(dataDir);
  unmount = () => undefined;
});
afterEach(async () => {
  await child?.kill('SIGKILL');
  unmount();
  folder.cleanup();
});

function mountSmall(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dataDir], { stdio: 'ignore' });
  } catch {
    return false;
  }
  unmount = () => execFileSync('umount', ['-l', dataDir]);
  return true;
}

async function expectNothingHalfKept(filling: Child): Promise<void> {
  const group = (await filling.line('group')).split(' ').slice(1);
  expect(new Set(group)).toEqual(new Set(['rejected']));
  await filling.line('reads 50000');
  await filling.line('closed');
  expect(await filling.ended).toBe(0);
  const kept = filling.lines.filter((line) => line.startsWith('kept ')).map((line) => Number(line.slice(5)));
  expect(kept.length).toBeGreaterThan(0);
  const stores = await openStores({
    dataDir,
    onFatal: (error) => {
      throw error;
    },
  });
  const messages = (await stores.spool.list({ account: 1, limit: 1000 })).map(({ message }) => message);
  await stores.close();
  expect(messages).toEqual(kept);
}

describe('a full disk', () => {
  it.runIf(process.getuid?.() === 0)(
    'rejects the whole group as full, keeps what was acknowledged and goes on reading',
    async (context) => {
      if (!mountSmall()) return context.skip('tmpfs cannot be mounted here');
      child = startChild('fill', dataDir);
      expect(await child.line('refusal')).toBe('refusal StoreError full');
      expect(await child.line('body')).toBe('body StoreError full');
      await expectNothingHalfKept(child);
    },
  );

  it('is not half kept either when files may not grow', async () => {
    child = startChild('fill', dataDir, { wrap: ['bash', '-c', 'ulimit -f 4096; exec "$@"', 'limited'] });
    expect(await child.line('refusal')).toBe('refusal StoreError failed');
    expect(await child.line('body')).toBe('body StoreError full');
    await expectNothingHalfKept(child);
  });
});
