import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStores } from '#store';
import { loadMigrations, type Migration, migrate } from '#store/engines/sqlite/database/migrate.js';
import { type Connection, openDatabase } from '#store/engines/sqlite/database/open-database.js';
import { tempDir } from '../../support/temp-dir.mjs';

let folder: ReturnType<typeof tempDir>;
let database: Connection;
let backups: string;
beforeEach(() => {
  folder = tempDir();
  backups = join(folder.path, 'backup');
  database = openDatabase(join(folder.path, 'spool.db'), 'writer');
});
afterEach(() => {
  database.close();
  folder.cleanup();
});

const ONE: Migration = { version: 1, name: '001-one.sql', sql: 'CREATE TABLE a (x); INSERT INTO a VALUES (1);' };
const TWO: Migration = { version: 2, name: '002-two.sql', sql: 'ALTER TABLE a ADD COLUMN y; UPDATE a SET y = 2;' };
const BROKEN: Migration = { version: 2, name: '002-broken.sql', sql: 'CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);' };
const version = () => database.pragma('user_version', { simple: true });

describe('migrate', () => {
  it('makes a new database without a backup, and then has nothing to do', () => {
    expect(migrate(database, [ONE, TWO], backups)).toBeUndefined();
    expect(version()).toBe(2);
    expect(database.prepare('SELECT * FROM a').all()).toEqual([{ x: 1, y: 2 }]);
    expect(migrate(database, [ONE, TWO], backups)).toBeUndefined();
    expect(() => statSync(backups)).toThrow('ENOENT');
  });

  it('backs up what it is about to change', () => {
    migrate(database, [ONE], backups);
    database.exec('INSERT INTO a VALUES (7)');
    const backup = migrate(database, [ONE, TWO], backups) ?? '';
    expect(readdirSync(backups)).toEqual([expect.stringMatching(/^spool\.v1\.\d{13}\.db$/)]);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const copy = new Database(backup, { readonly: true });
    expect(copy.prepare('SELECT * FROM a').all()).toEqual([{ x: 1 }, { x: 7 }]);
    expect(copy.pragma('user_version', { simple: true })).toBe(1);
    copy.close();
    expect(database.prepare('SELECT * FROM a').all()).toEqual([
      { x: 1, y: 2 },
      { x: 7, y: 2 },
    ]);
  });

  it('leaves nothing that looks like a backup when it cannot be written whole, and does not migrate', () => {
    migrate(database, [ONE], backups);
    const noRoom = {
      ...database,
      name: database.name,
      pragma: database.pragma.bind(database),
      exec: database.exec.bind(database),
      prepare: (sql: string) => {
        if (!sql.startsWith('VACUUM')) return database.prepare(sql);
        return {
          run: (file: string) => {
            writeFileSync(file, 'the first pages');
            throw new Error('database or disk is full');
          },
        };
      },
    } as unknown as Connection;
    expect(() => migrate(noRoom, [ONE, TWO], backups)).toThrow('disk is full');
    expect(readdirSync(backups)).toEqual([]);
    expect(version()).toBe(1);
    // A crash leaves what a failure would have removed.
    writeFileSync(join(backups, 'spool.partial'), 'the first pages');
    migrate(database, [ONE, TWO], backups);
    expect(readdirSync(backups)).toEqual([expect.stringMatching(/^spool\.v1\.\d{13}\.db$/)]);
  });

  it('leaves the last good version when a migration fails', () => {
    expect(() => migrate(database, [ONE, BROKEN], backups)).toThrow(/spool\.db: migration 002-broken\.sql failed: no such table: nowhere/);
    expect(version()).toBe(1);
    expect(database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()).toEqual([{ name: 'a' }]);
  });

  it('refuses a newer schema and does not touch it', () => {
    migrate(database, [ONE, TWO], backups);
    expect(() => migrate(database, [ONE], backups)).toThrow(/spool\.db has schema version 2, but this mailwagon knows versions up to 1/);
    expect(version()).toBe(2);
  });
});

describe('the migrations of this program', () => {
  it.each(['directory', 'spool', 'events'] as const)('of %s are numbered without gaps and run', (name) => {
    const migrations = loadMigrations(name);
    expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, index) => index + 1));
    expect(migrations.length).toBeGreaterThan(0);
    migrate(database, migrations, backups);
    expect(version()).toBe(migrations.length);
    expect(database.pragma('foreign_key_check')).toEqual([]);
  });

  it('refuse a newer schema when the stores are opened, and release the folder', async () => {
    const dataDir = join(folder.path, 'data');
    const onFatal = (error: Error) => {
      throw error;
    };
    await (await openStores({ dataDir, onFatal })).close();
    const newer = new Database(join(dataDir, 'events.db'));
    newer.pragma('user_version = 99');
    newer.close();
    await expect(openStores({ dataDir, onFatal })).rejects.toThrow(/events\.db has schema version 99/);
    await expect(openStores({ dataDir, onFatal })).rejects.toThrow(/events\.db has schema version 99/);
  });
});
