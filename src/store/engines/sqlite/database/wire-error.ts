/** Errors as plain data, because a thread cannot hand over an Error with its class; and which kind of StoreError each is. */
import { StoreError } from '#core';

export interface WireError {
  kind: StoreError['kind'];
  message: string;
  /** SQLite's or the operating system's name of it, such as `SQLITE_FULL`. */
  code: string;
}

// SHMSIZE: the shared-memory file of the WAL could not grow, which is a full disk in all but name.
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

/** What a file operation or SQLite threw, as the StoreError its kind asks for. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { kind, message } = toWireError(error);
  return new StoreError(kind, message, { cause: error });
}
