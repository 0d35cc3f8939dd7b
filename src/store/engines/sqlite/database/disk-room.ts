/**
 * How much room the disk of the data folder has, and the ballast: a file of meaningless bytes, which is kept while there is room and removed when
 * there is none. On a full disk SQLite can neither delete nor checkpoint. Without the ballast, a full disk would stop the very deliveries that could
 * empty it.
 */
import { randomFillSync } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskRoom } from '../../../disk-room.js';
import { toStoreError } from './wire-error.js';

const CHUNK = 1024 * 1024;
const DATABASES = ['directory.db', 'spool.db', 'events.db'];

/** `dataDir` need not exist before the first measure(). */
export function makeDiskRoom(dataDir: string): DiskRoom {
  const file = join(dataDir, 'ballast');
  const sizeOf = async (path: string) => {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw toStoreError(error);
    }
  };
  const dropBallast = () => rm(file, { force: true });

  return {
    async measure() {
      const sizes = await Promise.all(DATABASES.map((name) => sizeOf(join(dataDir, `${name}-wal`))));
      const disk = await statfs(dataDir).catch((error: unknown) => {
        throw toStoreError(error);
      });
      return {
        free: disk.bavail * disk.bsize,
        total: disk.blocks * disk.bsize,
        walBytes: sizes.reduce((sum, size) => sum + size, 0),
      };
    },
    ballast: () => sizeOf(file),
    dropBallast,
    async takeBallast(bytes) {
      // Random, because on a file system that compresses or leaves holes, zeros would take no room.
      const chunk = randomFillSync(Buffer.allocUnsafe(Math.min(CHUNK, bytes)));
      try {
        const handle = await open(file, 'w', 0o600);
        try {
          for (let left = bytes; left > 0; left -= chunk.byteLength)
            await handle.appendFile(chunk.subarray(0, Math.min(left, chunk.byteLength)));
        } finally {
          await handle.close();
        }
      } catch (error) {
        await dropBallast();
        throw toStoreError(error);
      }
    },
  };
}
