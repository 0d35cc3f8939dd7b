/**
 * Threads for work that may take long on legal mail: lint, merging large texts, previews of stored messages. Each task has a deadline and a memory limit.
 * A task rejects with the error that it throws itself (Refusal, TemplateError), or with TaskFailure if it was given up. The main thread never waits.
 */
export { makeWorkers, TaskFailure, type Workers, type WorkersOptions } from './make-workers.js';
export type { MergeResult, Preview } from './tasks.js';
