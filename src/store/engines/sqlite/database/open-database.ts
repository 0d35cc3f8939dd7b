/**
 * Opens one SQLite file and makes sure that it is as durable as promised: every setting is made and read back on every open.
 *
 * Reading back matters, because this build of SQLite (DEFAULT_WAL_SYNCHRONOUS=1) opens a file that is already in WAL mode with synchronous=NORMAL.
 * That would lose acknowledged mail in a power cut, and no test on a new file would show it.
 */
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';

export type Connection = Database.Database;

/** Pages of the WAL after which a commit also checkpoints: 4000 × 8 KiB = 32 MB. */
const CHECKPOINT_PAGES = 4000;
/** If the WAL grew beyond this, bytes, because a reader held it, it is cut back at the next reset. */
const JOURNAL_LIMIT = 64 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5000;
const PAGE_SIZE = 8192;
/**
 * Memory for pages of each connection, KiB. SQLite's own 16 MB for each of eight connections took most of this process's memory, and the system
 * caches pages anyway.
 */
const PAGE_CACHE = { writer: 6144, reader: 2048 };

/**
 * Opens `file` for writing (made, mode 0600, when it is missing) or for reading only. Throws a plain Error that names the file and the setting if a
 * setting could not be made.
 */
export function openDatabase(file: string, role: 'writer' | 'reader'): Connection {
  let database: Connection | undefined;
  try {
    const isNew = role === 'writer' && createPrivately(file);
    database = new Database(file, { readonly: role === 'reader', fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    const settings = role === 'writer' ? applyWriterSettings(database, isNew) : applyReaderSettings(database);
    for (const [name, wanted] of settings) assertSetting(database, name, wanted);
    return database;
  } catch (cause) {
    database?.close();
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Wraps a read so that all its statements see one snapshot of the database. */
export function inSnapshot<A extends unknown[], R>(database: Connection, read: (...args: A) => R): (...args: A) => R {
  const transaction = database.transaction(read);
  return (...args) => transaction(...args);
}

/** True if the file is empty. Uses `wx`, because opening and closing an existing database outside of SQLite would drop its POSIX locks. */
function createPrivately(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(file, 0o600);
  }
  return statSync(file).size === 0;
}

type Setting = [name: string, wanted: string | number];

const COMMON: Setting[] = [
  ['foreign_keys', 1],
  ['busy_timeout', BUSY_TIMEOUT_MS],
  ['mmap_size', 0],
  ['synchronous', 2],
];

function applyWriterSettings(database: Connection, isNew: boolean): Setting[] {
  if (isNew) database.pragma(`page_size = ${PAGE_SIZE}`);
  database.pragma('journal_mode = WAL');
  const settings: Setting[] = [
    ...COMMON,
    // A negative number is KiB, a positive one pages.
    ['cache_size', -PAGE_CACHE.writer],
    ['wal_autocheckpoint', CHECKPOINT_PAGES],
    ['journal_size_limit', JOURNAL_LIMIT],
  ];
  for (const [name, wanted] of settings) database.pragma(`${name} = ${wanted}`);
  const opened: Setting[] = [['journal_mode', 'wal'], ...settings, ['query_only', 0]];
  return isNew ? [...opened, ['page_size', PAGE_SIZE]] : opened;
}

function applyReaderSettings(database: Connection): Setting[] {
  const settings: Setting[] = [...COMMON, ['cache_size', -PAGE_CACHE.reader], ['query_only', 1]];
  for (const [name, wanted] of settings) database.pragma(`${name} = ${wanted}`);
  return [['journal_mode', 'wal'], ...settings];
}

function assertSetting(database: Connection, name: string, wanted: string | number): void {
  // If mmap is not compiled in or not supported, the pragma answers nothing, which is as good as 0.
  const found = database.pragma(name, { simple: true }) ?? 0;
  if (found !== wanted) throw new Error(`${name} is ${found} and must be ${wanted}; the store would not be durable`);
}
