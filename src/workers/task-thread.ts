/** The worker's side: takes one task at a time and answers it. */
import { parentPort } from 'node:worker_threads';
import { type SentError, TASKS, type Tasks, toSentError } from './tasks.js';

export type TaskRequest = { [K in keyof Tasks]: { name: K; task: Parameters<Tasks[K]>[0] } }[keyof Tasks];
export type TaskReply = { value: unknown } | { error: SentError };

async function answer({ name, task }: TaskRequest): Promise<TaskReply> {
  try {
    return { value: await (TASKS[name] as (task: unknown) => unknown)(task) };
  } catch (error) {
    return { error: toSentError(error) };
  }
}

parentPort?.on('message', (request: TaskRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
