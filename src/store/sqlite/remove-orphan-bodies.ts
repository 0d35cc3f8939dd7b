/**
 * At open, before anything is accepted: unlinks body files that no message names (a crash between the file and the commit, or
 * between a sweep's commit and its unlink). One sub-folder is looked at at a time.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from './open-database.js';

/** Gives how many files were removed. Anything in the folder that is not a body file is left alone. */
export function removeOrphanBodies(database: Connection, spoolDir: string): number {
  const named = database.prepare<[string, string], { name: string }>(
    'SELECT body_file AS name FROM message WHERE body_file >= ? AND body_file < ?',
  );
  let removed = 0;
  for (const entry of readdirSync(spoolDir, { withFileTypes: true })) {
    if (!entry.isDirectory() || !/^[0-9a-f]{2}$/.test(entry.name)) continue;
    const orphans = new Set(readdirSync(join(spoolDir, entry.name)).filter((name) => /^[0-9a-f]{24}$/.test(name)));
    // 'g' sorts after every hex digit: the range is all names that begin with the folder's two.
    for (const { name } of named.iterate(entry.name, `${entry.name}g`)) orphans.delete(name);
    for (const name of orphans) rmSync(join(spoolDir, entry.name, name), { force: true });
    removed += orphans.size;
  }
  return removed;
}
