/**
 * Delivers what the queue hands out. `dispatch/` decides what is attempted when, `attempt/` makes one attempt (next hop, session, rendering, signature,
 * sending), and each attempt is settled with its event.
 *
 * - A delivery ends as delivered or failed only by a reply, an expiry or a fact that time cannot mend. Everything else is tried again by the queue's
 *   schedule. When no reply comes to the final dot, the outcome is recorded as uncertain, and the next attempt is made ten minutes later at the earliest.
 * - Nothing goes out in clear when the sender or the operator asked for TLS; no name is resolved to a private address unless that is allowed.
 * - Every wait for a peer has an absolute deadline. A path that is down is suspended, and comes back with a single lane.
 * - What was sent and could not be recorded is recorded later, before its lane goes on: a full disk stops delivery instead of repeating it.
 *
 * `makeShaping` and `makeResponseRules` say how providers want to be sent to, by the rules that #config loads. They do no I/O and never throw.
 */
export { type DeliveryDeps, type DeliveryEngine, type DeliveryOptions, makeDeliveryEngine } from './delivery.js';
export { addDeliveryMetrics } from './metrics.js';
export { makeShaping, type ShapingPolicy } from './shaping/shaping-policy.js';
export { makeResponseRules } from './shaping/shaping-responses.js';
export { hourlyLimit, stageLimit, TOTAL_STAGES } from './sources/warmup-plan.js';
export { makeWarmups, type Warmups } from './sources/warmups.js';
