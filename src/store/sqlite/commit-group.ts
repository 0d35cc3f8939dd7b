/**
 * Group commit: everything that waits is one transaction, one fsync. A savepoint per call lets a failing call roll back
 * alone; when the commit itself fails every call of the group fails and nothing of it is kept.
 */
import type { Statement } from 'better-sqlite3';
import type { Connection } from './open-database.js';
import { toWireError, type WireError } from './wire-error.js';

export interface Call {
  id: number;
  method: string;
  args: unknown[];
}

export type Answer = { id: number; value: unknown } | { id: number; error: WireError };

/** What a call does, by its method's name. The argument types are those of the thread's interface, checked at the caller's side. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant; `never[]` would forbid the call and `unknown[]` the handlers
export type Handlers = Record<string, (...args: any[]) => unknown>;

export type CommitGroup = (calls: Call[], handlers: Handlers) => Answer[];

/** `forget` drops what handlers remember of rows that a rollback has undone; it runs after every rollback, whole or partial. */
export function makeCommitGroup(database: Connection, forget: () => void): CommitGroup {
  const statement = (sql: string): Statement => database.prepare(sql);
  const begin = statement('BEGIN IMMEDIATE');
  const commit = statement('COMMIT');
  const rollback = statement('ROLLBACK');
  const savepoint = statement('SAVEPOINT call');
  const release = statement('RELEASE call');
  const rollbackCall = statement('ROLLBACK TO call');

  function runCall(call: Call, handlers: Handlers): Answer {
    savepoint.run();
    try {
      const value = handlers[call.method]?.(...call.args);
      release.run();
      return { id: call.id, value };
    } catch (error) {
      // SQLite ends the whole transaction by itself on some I/O errors; then the group is lost.
      if (!database.inTransaction) throw error;
      rollbackCall.run();
      release.run();
      forget();
      return { id: call.id, error: toWireError(error) };
    }
  }

  return (calls, handlers) => {
    try {
      begin.run();
      const answers = calls.map((call) => runCall(call, handlers));
      commit.run();
      return answers;
    } catch (error) {
      if (database.inTransaction) rollback.run();
      forget();
      const wire = toWireError(error);
      return calls.map((call) => ({ id: call.id, error: wire }));
    }
  };
}
