/**
 * Brings one database to the newest schema this program knows. `PRAGMA user_version` is the schema number; each migration is
 * one transaction; a database that holds data is backed up first; a schema newer than the program is refused untouched.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '#core';
import type { Connection } from './open-database.js';

export type DatabaseName = 'directory' | 'spool' | 'events';

export interface Migration {
  /** 1, 2, 3, … without gaps. */
  version: number;
  name: string;
  sql: string;
}

/** Reads `migrations/<database>/NNN-name.sql`, in order. Throws when a number is missing or doubled. */
export function loadMigrations(database: DatabaseName): Migration[] {
  const folder = new URL(`../migrations/${database}/`, import.meta.url);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const version = Number(/^(\d{3})-/.exec(name)?.[1]);
    if (version !== index + 1) throw new Error(`migration ${database}/${name} should be number ${index + 1}`);
    return { version, name, sql: readFileSync(new URL(name, folder), 'utf8') };
  });
}

/**
 * Runs the migrations above the file's schema number. Gives the path of the backup, when one was taken.
 * Throws a plain Error; the database is then at the last version that was reached, never in between.
 */
export function migrate(database: Connection, migrations: Migration[], backupFolder: string): string | undefined {
  const found = database.pragma('user_version', { simple: true }) as number;
  const known = migrations.length;
  if (found > known) {
    throw new Error(
      `${database.name} has schema version ${found}, but this mailwagon knows versions up to ${known}: ` +
        'run the newer mailwagon that wrote it, or restore a backup',
    );
  }
  if (found === known) return undefined;
  const backup = found >= 1 ? backUp(database, found, backupFolder) : undefined;
  for (const migration of migrations.slice(found)) apply(database, migration);
  return backup;
}

function apply(database: Connection, { version, name, sql }: Migration): void {
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec(sql);
    database.pragma(`user_version = ${version}`);
    database.exec('COMMIT');
  } catch (cause) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw new Error(`${database.name}: migration ${name} failed: ${(cause as Error).message}`, { cause });
  }
}

/** The backup gets its final name only when it is complete. So a backup that was cut off by a crash or a full disk is never taken for one. */
function backUp(database: Connection, version: number, folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const label = database.name.replace(/^.*\//, '').replace(/\.db$/, '');
  const file = join(folder, `${label}.v${version}.${systemClock.now()}.db`);
  const partial = join(folder, `${label}.partial`);
  rmSync(partial, { force: true });
  try {
    // The file is made before VACUUM INTO, which would make it readable for others. VACUUM INTO accepts an empty file.
    closeSync(openSync(partial, 'wx', 0o600));
    database.prepare('VACUUM INTO ?').run(partial);
    syncPath(partial);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  for (const path of [folder, dirname(folder)]) syncPath(path);
  return file;
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
