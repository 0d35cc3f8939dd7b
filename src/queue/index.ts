/**
 * The spool's schedule: knows which delivery is due and whose turn it is, not how to deliver. put() and settle() are durable when they resolve and
 * keep nothing when they throw StoreError. What is taken is owned in memory only: a crash forgets it and the delivery is due again.
 */
export { makeQueue, type QueueDeps } from './make-queue.js';
export type { Queue, Verdict } from './queue.js';
export { decideRetry, MESSAGE_LIFETIME, RETRY_DELAYS, type RetryQuestion } from './retry-schedule.js';
