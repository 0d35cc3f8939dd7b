/**
 * The HTTP API: Mailgun's, by its contract, and a few endpoints of our own for the command line.
 *
 * Takes requests and the folders that answer them; promises one answer per request: 200 with JSON, or an error whose `message` clients know.
 * 401 and 404 are text for the clients that need it so. A send is answered 200 only after intake made it durable. What is thrown below becomes a
 * refusal of `core`; what is unknown becomes a 500 that tells nothing and is logged. Nothing of a request outlives it.
 */
export { type ApiDeps, makeApi } from './api.js';
export type { QueueChangeAnswer, QueuedDeliveryJson } from './contract/queue-answers.js';
export type { Access, Endpoint } from './endpoint/define-endpoint.js';
export { apiEndpoints } from './endpoints.js';
export { presentKey } from './groups/keys.js';
