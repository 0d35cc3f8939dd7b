/**
 * One process per data folder: an exclusive lock on `lock.db` is held while the store is open. The operating system frees it
 * when the process ends in any way, so no stale lock has ever to be cleared by hand.
 *
 * Nobody else may open and close `lock.db` in this process: closing any descriptor of it drops the POSIX lock.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Gives the function that releases the folder. Throws `data folder … is in use by another mailwagon (pid N)`. */
export function lockFolder(dataDir: string): () => void {
  const file = join(dataDir, 'lock.db');
  const pidFile = join(dataDir, 'mailwagon.pid');
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const database = new Database(file, { timeout: 0, fileMustExist: true });
  try {
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    database.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
    throw new Error(`data folder ${dataDir} is in use by another mailwagon (pid ${readPid(pidFile)})`, { cause: error });
  }
  return () => {
    // The pid goes first: after the release it may already be the next process's.
    rmSync(pidFile, { force: true });
    database.close();
  };
}

function readPid(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
