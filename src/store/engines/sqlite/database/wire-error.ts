/**
 * Errors as plain data, because a thread cannot pass an Error with its class to another thread. Also decides which kind of StoreError an error is.
 */
import { StoreError } from '#core';

export interface WireError {
  kind: StoreError['kind'];
  message: string;
  /** The name that SQLite or the operating system gives the error, such as `SQLITE_FULL`. */
  code: string;
}

// SQLITE_IOERR_SHMSIZE: the shared-memory file of the WAL could not grow, which also means a full disk.
const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT', 'EFBIG']);
const CONFLICT = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_ROWID']);

export function toWireError(error: unknown): WireError {
  if (error instanceof StoreError) return { kind: error.kind, message: error.message, code: '' };
  const message = error instanceof Error ? error.message : String(error);
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  const kind = FULL.has(code) ? 'full' : CONFLICT.has(code) ? 'conflict' : 'failed';
  return { kind, message: code && !message.includes(code) ? `${message} (${code})` : message, code };
}

export function fromWireError({ kind, message }: WireError): StoreError {
  return new StoreError(kind, message);
}

/** The StoreError for an error of SQLite or of a file operation. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { kind, message } = toWireError(error);
  return new StoreError(kind, message, { cause: error });
}
