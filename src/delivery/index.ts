/**
 * Delivers what the queue hands out: finds the next hop, connects, renders, signs, sends, and settles every attempt with its event.
 *
 * - A delivery ends as delivered or failed only by a reply, an expiry or a fact that time cannot mend; everything else is tried again by the
 *   queue's schedule. A reply that never came to a dot that was sent is recorded as uncertain and waits at least ten minutes.
 * - Nothing goes out in clear when the sender or the operator asked for TLS; no name is resolved to a private address unless that is allowed.
 * - Every wait for a peer has an absolute deadline. A destination that is down keeps one lane at most.
 * - What was sent and could not be recorded is recorded later, before its lane goes on: a full disk stops delivery instead of repeating it.
 *
 * What replies mean (`makeBounceClassifier`) and how providers want to be sent to (`makeShaping`, `makeResponseRules`) are pure decisions
 * over the rules that #config loads; they do no I/O and never throw.
 */
export { type DeliveryDeps, type DeliveryEngine, type DeliveryOptions, makeDeliveryEngine } from './delivery.js';
export { addDeliveryMetrics } from './metrics.js';
export { makeShaping, type ShapingPolicy } from './shaping/shaping-policy.js';
export { makeResponseRules } from './shaping/shaping-responses.js';
export { hourlyLimit, stageLimit, TOTAL_STAGES } from './sources/warmup-plan.js';
export { makeWarmups, type Warmups } from './sources/warmups.js';
