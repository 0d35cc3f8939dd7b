/**
 * One process per data folder: an exclusive lock on `lock.db` is held while the store is open. The operating system frees it when the process ends
 * in any way, so nobody ever has to remove a stale lock by hand.
 *
 * Nothing else in this process may open and close `lock.db`, because closing any descriptor of it drops the POSIX lock.
 */
import { accessSync, closeSync, constants, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Gives the function that releases the folder. Throws `data folder … is in use by another mailwagon (pid N)`, or `data folder … is not writable:
 * CODE`. An error that has nothing to do with the folder, such as a native module that cannot be loaded, is thrown unchanged.
 */
export function lockFolder(dataDir: string): () => void {
  const file = join(dataDir, 'lock.db');
  const pidFile = join(dataDir, 'mailwagon.pid');
  let database: Database.Database | undefined;
  try {
    makeFile(file);
    database = new Database(file, { timeout: 0, fileMustExist: true });
    // Nothing is ever written to lock.db, so it needs no journal file.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    database?.close();
    const code = (cause as { code?: string }).code ?? '';
    if (!/^(?:SQLITE_\w+|E[A-Z0-9]+)$/.test(code)) throw cause;
    if (!code.startsWith('SQLITE_BUSY')) throw new Error(`data folder ${dataDir} is not writable: ${code}`, { cause });
    throw new Error(`data folder ${dataDir} is in use by another mailwagon (pid ${readPid(pidFile)})`, { cause });
  }
  const held = database;
  return () => {
    // The pid file is removed first: after the release it may already belong to the next process.
    rmSync(pidFile, { force: true });
    held.close();
  };
}

function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // SQLite's own error does not name the file.
    accessSync(file, constants.R_OK | constants.W_OK);
  }
}

function readPid(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
