/**
 * Group commit: everything that waits is one transaction, one fsync. A call that fails is rolled back alone: the group is then run again with a
 * savepoint per call, which calls that work (nearly all) need not pay for. When the commit itself fails every call of the group fails and nothing
 * of it is kept.
 */
import type { Statement } from 'better-sqlite3';
import { systemClock } from '#core';
import type { Connection } from '../database/open-database.js';
import { toWireError, type WireError } from '../database/wire-error.js';

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

export interface GroupHooks {
  /** Writes what the calls have gathered in memory; part of the transaction. */
  beforeCommit(): void;
  /** Drops what handlers remember of rows that a rollback has undone; runs after every rollback, whole or partial. */
  forget(): void;
  /** A group was committed: ms in all, and of these for the COMMIT. */
  observe?(calls: number, groupMs: number, commitMs: number): void;
}

export function makeCommitGroup(database: Connection, { beforeCommit, forget, observe }: GroupHooks): CommitGroup {
  const statement = (sql: string): Statement => database.prepare(sql);
  const begin = statement('BEGIN IMMEDIATE');
  const commit = statement('COMMIT');
  const rollback = statement('ROLLBACK');
  const savepoint = statement('SAVEPOINT call');
  const release = statement('RELEASE call');
  const rollbackCall = statement('ROLLBACK TO call');

  const run = (call: Call, handlers: Handlers): Answer => ({ id: call.id, value: handlers[call.method]?.(...call.args) });

  function runAlone(call: Call, handlers: Handlers): Answer {
    savepoint.run();
    try {
      const answer = run(call, handlers);
      beforeCommit();
      release.run();
      return answer;
    } catch (error) {
      // SQLite ends the whole transaction by itself on some I/O errors; then the group is lost.
      if (!database.inTransaction) throw error;
      rollbackCall.run();
      release.run();
      forget();
      return { id: call.id, error: toWireError(error) };
    }
  }

  const undo = () => {
    if (database.inTransaction) rollback.run();
    forget();
  };

  function commitSince(began: number, calls: number): void {
    const committing = systemClock.monotonic();
    commit.run();
    const ended = systemClock.monotonic();
    observe?.(calls, ended - began, ended - committing);
  }

  /** Undefined when one of the calls failed: which of them is not known, and nothing was kept. */
  function runTogether(calls: Call[], handlers: Handlers): Answer[] | undefined {
    const began = systemClock.monotonic();
    begin.run();
    let answers: Answer[];
    try {
      answers = calls.map((call) => run(call, handlers));
      beforeCommit();
    } catch {
      undo();
      return undefined;
    }
    commitSince(began, calls.length);
    return answers;
  }

  function runOneByOne(calls: Call[], handlers: Handlers): Answer[] {
    const began = systemClock.monotonic();
    begin.run();
    const answers = calls.map((call) => runAlone(call, handlers));
    commitSince(began, calls.length);
    return answers;
  }

  return (calls, handlers) => {
    try {
      return runTogether(calls, handlers) ?? runOneByOne(calls, handlers);
    } catch (error) {
      undo();
      const wire = toWireError(error);
      return calls.map((call) => ({ id: call.id, error: wire }));
    }
  };
}
