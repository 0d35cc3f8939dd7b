/**
 * Group commit: all waiting calls are one transaction with one fsync. If a call fails, only that call is rolled back: the group runs again with a
 * savepoint per call. So a group without failures, which is the usual case, does not pay for savepoints. If the commit itself fails, every call of
 * the group fails and nothing is kept.
 */
import type { Statement } from 'better-sqlite3';
import { systemClock } from '#core';
import type { DirectoryChange } from '../../../changes.js';
import type { GroupMemory, Handlers } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import { toWireError, type WireError } from '../database/wire-error.js';

export interface ThreadCall {
  id: number;
  method: string;
  args: unknown[];
}

export type ThreadAnswer =
  /** `changes`: what the call has changed in the directory. */
  { id: number; value: unknown; changes?: readonly DirectoryChange[] } | { id: number; error: WireError };

export type CommitGroup = (calls: ThreadCall[], handlers: Handlers) => ThreadAnswer[];

/** Is told of each committed group: the number of calls, ms in all, and ms of the COMMIT, which waits for the disk. */
export type ObserveCommit = (calls: number, groupMs: number, commitMs: number) => void;

export function makeCommitGroup(database: Connection, memory: GroupMemory, observe?: ObserveCommit): CommitGroup {
  const statement = (sql: string): Statement => database.prepare(sql);
  const begin = statement('BEGIN IMMEDIATE');
  const commit = statement('COMMIT');
  const rollback = statement('ROLLBACK');
  const savepoint = statement('SAVEPOINT call');
  const release = statement('RELEASE call');
  const rollbackCall = statement('ROLLBACK TO call');

  function run(call: ThreadCall, handlers: Handlers): ThreadAnswer {
    const value = handlers[call.method]?.(...call.args);
    const changes = memory.takeChanges?.();
    return changes === undefined ? { id: call.id, value } : { id: call.id, value, changes };
  }

  function runAlone(call: ThreadCall, handlers: Handlers): ThreadAnswer {
    savepoint.run();
    try {
      const answer = run(call, handlers);
      memory.beforeCommit?.();
      release.run();
      return answer;
    } catch (error) {
      // On some I/O errors SQLite itself ends the whole transaction. Then the group is lost.
      if (!database.inTransaction) throw error;
      rollbackCall.run();
      release.run();
      memory.forget?.();
      return { id: call.id, error: toWireError(error) };
    }
  }

  const undo = () => {
    if (database.inTransaction) rollback.run();
    memory.forget?.();
  };

  function commitSince(began: number, calls: number): void {
    const committing = systemClock.monotonic();
    commit.run();
    const ended = systemClock.monotonic();
    observe?.(calls, ended - began, ended - committing);
  }

  /** Undefined if one of the calls failed. It is not known which one, and nothing was kept. */
  function runTogether(calls: ThreadCall[], handlers: Handlers): ThreadAnswer[] | undefined {
    const began = systemClock.monotonic();
    begin.run();
    memory.afterBegin?.();
    let answers: ThreadAnswer[];
    try {
      answers = calls.map((call) => run(call, handlers));
      memory.beforeCommit?.();
    } catch {
      undo();
      return undefined;
    }
    commitSince(began, calls.length);
    return answers;
  }

  function runOneByOne(calls: ThreadCall[], handlers: Handlers): ThreadAnswer[] {
    const began = systemClock.monotonic();
    begin.run();
    memory.afterBegin?.();
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
