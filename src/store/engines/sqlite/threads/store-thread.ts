/**
 * The main thread's side of a store thread: collects the calls of one turn of the event loop into one message, matches answers
 * to promises, and says once when the thread died.
 */
import { Worker } from 'node:worker_threads';
import { StoreError } from '#core';
import type { DirectoryChange } from '../../../changes.js';
import { fromWireError } from '../database/wire-error.js';
import type { ThreadAnswer, ThreadCall } from './commit-group.js';
import type { ThreadData, ThreadReply, ThreadRequest } from './serve-thread.js';

/** Operations as the main thread has them. */
export type Calls<Operations> = {
  [Name in keyof Operations]: Operations[Name] extends (...args: infer Args) => infer Result ? (...args: Args) => Promise<Result> : never;
};

export interface StoreThread {
  /** The names of the operations that the thread answers: `NAME.OPERATION`. */
  operations: readonly string[];
  call(method: string, args: unknown[]): Promise<unknown>;
  /** From now on calls reject with StoreError `closed`. Calls that already wait are still answered. */
  refuse(): void;
  /** Refuses new calls, answers the waiting ones, then closes the files. Resolves when the thread has ended. */
  close(): Promise<void>;
}

/**
 * The caller's side of the operations under one name, whichever thread answers each of them. Its types come from the table that the threads serve:
 * `makeCalls<OperationsOf<typeof DIRECTORY_NOUNS>>('directory', …)`.
 */
export function makeCalls<Operations>(name: string, threads: readonly StoreThread[]): Calls<Operations> {
  const calls: Record<string, (...args: unknown[]) => Promise<unknown>> = {};
  for (const thread of threads) {
    for (const method of thread.operations.filter((operation) => operation.startsWith(`${name}.`))) {
      const operation = method.slice(name.length + 1);
      if (Object.hasOwn(calls, operation)) throw new Error(`two threads answer ${method}`);
      calls[operation] = (...args: unknown[]) => thread.call(method, args);
    }
  }
  return calls as Calls<Operations>;
}

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export interface ThreadListener {
  /** The thread has ended by itself. */
  onDeath(error: Error): void;
  /** The directory has changed. Called before the promise of the call that changed it resolves. */
  onChanges?(changes: readonly DirectoryChange[]): void;
}

/** Starts the worker; resolves when its files are open. Rejects with a plain Error when they cannot be opened. */
export function startStoreThread(script: URL, data: ThreadData, listener: ThreadListener): Promise<StoreThread> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData: data });
    let isOpen = false;
    const fail = (error: Error) => {
      if (isOpen) return;
      client.abandon();
      reject(error);
    };
    worker.once('error', fail);
    worker.once('exit', () => fail(new Error(`store thread ${script.pathname} ended while it was starting`)));
    // Must come after the listeners above. A thread that dies while it opens is then abandoned before its end is reported as a death.
    const client = makeClient(worker, listener);
    worker.once('message', (reply: ThreadReply) => {
      if ('failed' in reply) return fail(new Error(reply.failed));
      isOpen = true;
      resolve({ ...client, operations: 'ready' in reply ? reply.ready : [] });
    });
  });
}

function makeClient(worker: Worker, { onDeath, onChanges }: ThreadListener): Omit<StoreThread, 'operations'> & { abandon(): void } {
  const pending = new Map<number, Pending>();
  let outgoing: ThreadCall[] = [];
  let nextId = 1;
  // Why no call is taken any more. Once it is set, the end of the thread is expected.
  let gone: StoreError | undefined;
  let isRefusing = false;
  let closing: Promise<void> | undefined;

  const settle = (answer: ThreadAnswer) => {
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if ('error' in answer) waiting?.reject(fromWireError(answer.error));
    else {
      if (answer.changes !== undefined) onChanges?.(answer.changes);
      waiting?.resolve(answer.value);
    }
  };
  const die = (cause: Error) => {
    if (gone) return;
    gone = new StoreError('failed', `a store thread died: ${cause.message}`, { cause });
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
    onDeath(gone);
  };
  worker.on('error', die);
  worker.on('messageerror', die);
  worker.on('exit', (code) => die(new Error(`exit code ${code}`)));
  worker.on('message', (reply: ThreadReply) => {
    if (Array.isArray(reply)) for (const answer of reply) settle(answer);
    else if ('died' in reply) die(new Error(reply.died));
    else if ('closed' in reply) gone = new StoreError('closed', 'the store is closed');
  });

  const flush = () => {
    const calls = outgoing;
    outgoing = [];
    if (gone || calls.length === 0) return;
    try {
      worker.postMessage(calls satisfies ThreadRequest);
    } catch (cause) {
      // A value that cannot be cloned is a programming error of one caller. All calls of this turn get the error, because otherwise they would wait
      // for ever.
      for (const { id } of calls) settle({ id, error: { kind: 'failed', message: (cause as Error).message, code: '' } });
    }
  };

  return {
    call(method, args) {
      if (gone) return Promise.reject(gone);
      if (isRefusing) return Promise.reject(new StoreError('closed', 'the store is closing'));
      return new Promise((resolve, reject) => {
        const id = nextId++;
        pending.set(id, { resolve, reject });
        if (outgoing.push({ id, method, args }) === 1) setImmediate(flush);
      });
    },
    refuse() {
      isRefusing = true;
    },
    close() {
      isRefusing = true;
      closing ??= new Promise((resolve) => {
        flush();
        if (gone) return resolve();
        worker.once('exit', () => resolve());
        worker.postMessage('close' satisfies ThreadRequest);
      });
      return closing;
    },
    /** For a thread that never opened its files: whoever started it reports its end. */
    abandon() {
      gone ??= new StoreError('closed', 'the store could not be opened');
    },
  };
}
