/** A small disk (tmpfs) for the running test, which needs root. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from '../../support/temp-dir.mjs';

/** The disk's folder, or why there is none. */
export function mountSmallDisk(size = '64m'): { path: string } | { reason: string } {
  if (process.getuid?.() !== 0) return { reason: 'mounting a small disk needs root' };
  const folder = tempDir('mailwagon-disk-');
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder.path], {
    encoding: 'utf8',
  });
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
export function fillDisk(folder: string): () => void {
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
