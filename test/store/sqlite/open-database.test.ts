import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '#store/engines/sqlite/database/open-database.js';
import { tempDir } from '../../support/temp-dir.mjs';

let folder: ReturnType<typeof tempDir>;
let file: string;
beforeEach(() => {
  folder = tempDir();
  file = join(folder.path, 'a.db');
});
afterEach(() => folder.cleanup());

const SETTINGS = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout', 'page_size', 'query_only', 'wal_autocheckpoint'];
function settingsOf(role: 'writer' | 'reader'): unknown[] {
  const database = openDatabase(file, role);
  try {
    if (role === 'writer') database.exec('CREATE TABLE IF NOT EXISTS t (x)');
    return SETTINGS.map((name) => database.pragma(name, { simple: true }));
  } finally {
    database.close();
  }
}

describe('openDatabase', () => {
  it('is durable on the first and on every later open', () => {
    const durable = ['wal', 2, 1, 5000, 8192, 0, 4000];
    expect(settingsOf('writer')).toEqual(durable);
    expect(settingsOf('writer')).toEqual(durable);
    expect(settingsOf('writer')).toEqual(durable);
  });

  it('guards against what this SQLite does by itself: a reopened WAL file is not durable', () => {
    settingsOf('writer');
    const plain = new Database(file);
    expect(plain.pragma('synchronous', { simple: true })).toBe(1);
    plain.close();
  });

  it('gives readers that cannot write', () => {
    const writer = openDatabase(file, 'writer');
    writer.exec('CREATE TABLE t (x)');
    const reader = openDatabase(file, 'reader');
    expect(reader.pragma('query_only', { simple: true })).toBe(1);
    expect(reader.pragma('synchronous', { simple: true })).toBe(2);
    expect(() => reader.exec('INSERT INTO t VALUES (1)')).toThrow(/readonly/);
    writer.exec('INSERT INTO t VALUES (1)');
    expect(reader.prepare('SELECT count(*) AS rows FROM t').get()).toEqual({ rows: 1 });
    reader.close();
    writer.close();
  });

  it('makes private files', () => {
    const database = openDatabase(file, 'writer');
    database.exec('CREATE TABLE t (x)');
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    database.close();
  });

  it('throws, naming the file and the setting, when a setting does not take', () => {
    // A reader of a file that is not in WAL mode: what the assertion is for, and readers cannot change it.
    const plain = new Database(file);
    plain.exec('CREATE TABLE t (x)');
    plain.close();
    expect(() => openDatabase(file, 'reader')).toThrow(`${file}: journal_mode is delete and must be wal`);
    expect(() => openDatabase(join(folder.path, 'none.db'), 'reader')).toThrow(/none\.db/);
  });
});
