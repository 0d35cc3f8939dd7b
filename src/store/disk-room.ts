/**
 * How much room the disk of the data folder has, and the ballast: a file of nothing that is held while there is room and removed when there is none.
 * A full SQLite file can neither delete nor checkpoint, so without it a full disk would stop the deliveries that could empty it.
 */
import { randomFillSync } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { toStoreError } from './sqlite/wire-error.js';

export interface DiskFacts {
  /** Bytes that can still be written. */
  free: number;
  /** Bytes of the whole disk. */
  total: number;
  /** Bytes of the write-ahead logs together. */
  walBytes: number;
}

export interface DiskRoom {
  /** Throws StoreError. */
  measure(): Promise<DiskFacts>;
  /** Size of the ballast file, 0 when there is none. */
  ballast(): Promise<number>;
  /** Writes the ballast whole, or leaves none and throws StoreError. */
  takeBallast(bytes: number): Promise<void>;
  /** Removes it; none is no error. */
  dropBallast(): Promise<void>;
}

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
      // Random, because a file system that compresses or leaves holes would keep no room for zeros.
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
