/** Runs tasks in threads. A thread is started when it is needed. It is ended when its task takes too long, or when it has had no task for a while. */
import { Worker } from 'node:worker_threads';
import { makeConcurrencyLimit } from '#core';
import type { TaskReply, TaskRequest } from './task-thread.js';
import { fromSentError, TASKS, type Tasks } from './tasks.js';

/** Why a task was given up. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';

  constructor(
    readonly kind: 'deadline' | 'memory',
    text: string,
  ) {
    super(text);
  }
}

export interface Workers {
  /** A task up to this size runs on the caller's thread, because sending it to another would cost as much. */
  readonly atOnce: number;
  /**
   * `size`: bytes or characters that the task works through. A small task runs at once, on the caller's thread. Rejects with the error that the task throws,
   * or with TaskFailure.
   */
  run<K extends keyof Tasks>(name: K, task: Parameters<Tasks[K]>[0], size: number): Promise<Awaited<ReturnType<Tasks[K]>>>;
  /** Ends the threads. Tasks that are running reject. */
  stop(): Promise<void>;
}

export interface WorkersOptions {
  /** At most so many at once; others wait. */
  threads?: number;
  /** ms for one task, from when it begins. */
  deadlineMs?: number;
  /** MB of JavaScript objects in one thread. */
  memoryMb?: number;
  /** ms without a task after which a thread ends. */
  idleMs?: number;
  atOnce?: number;
}

const SCRIPT = new URL('./task-thread.js', import.meta.url);
const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';

interface Idle {
  worker: Worker;
  timer: NodeJS.Timeout;
}

export function makeWorkers({
  threads = 2,
  deadlineMs = 10_000,
  memoryMb = 256,
  idleMs = 30_000,
  atOnce = 128 * 1024,
}: WorkersOptions = {}): Workers {
  const inTurn = makeConcurrencyLimit(threads);
  const idle: Idle[] = [];
  const all = new Set<Worker>();

  function start(): Worker {
    const worker = new Worker(SCRIPT, { resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32 } });
    all.add(worker);
    worker.once('exit', () => all.delete(worker));
    // A thread that fails without a task is replaced when the next task comes.
    worker.on('error', () => drop(worker));
    worker.unref();
    return worker;
  }

  function drop(worker: Worker): void {
    const index = idle.findIndex((entry) => entry.worker === worker);
    if (index >= 0) clearTimeout(idle.splice(index, 1)[0]?.timer);
    void worker.terminate();
  }

  function take(): Worker {
    const entry = idle.pop();
    clearTimeout(entry?.timer);
    return entry?.worker ?? start();
  }

  function putBack(worker: Worker): void {
    worker.unref();
    idle.push({ worker, timer: setTimeout(() => drop(worker), idleMs).unref() });
  }

  function ask(worker: Worker, request: TaskRequest): Promise<TaskReply> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        finish();
      };
      const timer = setTimeout(
        () => end(() => reject(new TaskFailure('deadline', `It took more than ${deadlineMs / 1000} s to make`))),
        deadlineMs,
      );
      const onMessage = (reply: TaskReply) => end(() => resolve(reply));
      const onError = (error: Error & { code?: string }) =>
        end(() => reject(error.code === OUT_OF_MEMORY ? new TaskFailure('memory', `It took more than ${memoryMb} MB to make`) : error));
      const onExit = () => end(() => reject(new Error('The worker ended')));
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.ref();
      worker.postMessage(request);
    });
  }

  return {
    atOnce,
    async run(name, task, size) {
      if (size <= atOnce) return (await TASKS[name](task as never)) as never;
      return inTurn(async () => {
        const worker = take();
        const reply = await ask(worker, { name, task } as TaskRequest).catch((error: unknown) => {
          drop(worker);
          throw error;
        });
        putBack(worker);
        if ('error' in reply) throw fromSentError(reply.error);
        return reply.value as never;
      });
    },
    async stop() {
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}
