/**
 * Telling customers' servers over HTTP. What is put here is durable when `put` resolves and reaches its URL at least once, or is given up after the
 * last retry, with a line in the log. A server that is slow or gone delays only what is meant for it. `put` throws Refusal for a URL that may never
 * be called, and StoreError.
 */
export { type CallQueue, type CallQueueStats, makeCallQueue, type NewCall } from './call-queue.js';
export { addWebhookMetrics } from './metrics.js';
export { CALL_RETRY_DELAYS, decideCallRetry } from './retry.js';
