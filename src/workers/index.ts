/**
 * workers: what may take long for mail that is legal (lint, merging large texts, previews of stored messages) is done in threads with a deadline and a
 * memory limit. A task rejects with what it throws itself (Refusal, TemplateError), or with TaskFailure when it was given up; the main thread never waits.
 */
export { makeWorkers, TaskFailure, type Workers, type WorkersOptions } from './make-workers.js';
export type { MergeResult, Preview } from './tasks.js';
