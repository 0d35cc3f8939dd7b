/**
 * The spool's schedule: knows which delivery is due and whose turn it is, not how to deliver. put() and settle() are durable when they resolve and
 * keep nothing when they throw StoreError. What is taken is owned in memory only: a crash forgets it and the delivery is due again. Mail waits at
 * sites, which the deliverer names; a suspended site, a hold and a change of site cost memory for flows, never a write per message.
 */
export { tooOld } from './expire.js';
export type { WaitReason } from './flows/wait-reason.js';
export { holderText } from './holds.js';
export { makeQueue } from './make-queue.js';
export { addQueueMetrics } from './metrics.js';
export type { PauseFilter } from './pauses.js';
export type { Queue, QueueListener, Verdict } from './queue.js';
export { decideRetry, MESSAGE_LIFETIME, RETRY_DELAYS, SHORTEST_LIFETIME } from './retry-schedule.js';
export { makeSuspects, type Suspects } from './suspects/suspects.js';
