/**
 * The ground on which everything that is served over HTTP stands: servers and their stop, connections and who may hold them, request bodies, answers,
 * limits, the request log, and pages. It knows no endpoint, no account and no SQL.
 *
 * - A listener passes each request to the parts (`HttpPart`) in order: a part takes it, or adds its pages to Express, which answers the rest with 404.
 * - `readForm` gives one Form for every kind of body, or throws a Refusal (400, 413, 415, 507, 503). Whoever reads a form disposes it.
 * - Every error is an `ErrorAnswer`: JSON with `message`, or text where clients need it so. `errorAnswerFrom` makes one of anything that was thrown and
 *   never shows more than a refusal's public text.
 * - `makeRateLimit` and `makeGuessBrake` hold bounded memory and count nothing across a restart.
 * - `makeHttpListeners` binds all addresses or none; `stop(graceMs)` finishes answers that have begun and cuts what is open after the grace.
 */
export { Form } from './body/form.js';
export { readForm } from './body/read-form.js';
export type { Upload } from './body/upload.js';
export { clientAddress } from './client-address.js';
export { makeConnectionGuard } from './connection-guard.js';
export { ErrorAnswer, errorAnswerFrom, notSupported } from './error-answer.js';
export { type GuessBrake, makeGuessBrake } from './guess-brake.js';
export { type HttpAddress, makeHttpListeners, stopHttpServer } from './http-listeners.js';
export { makeHttpServer, serverTimeouts } from './http-server.js';
export { addHttpMetrics, countHttpConnections, countRequests } from './metrics.js';
export { makeOpenPages, OPEN_PAGES } from './pages/open-pages.js';
export { makeReadiness, type Obstacle, type ReadinessDeps } from './pages/readiness.js';
export { addReadOnlyPage, type HttpPart, makeRequestListener, refuseOtherMethods } from './pages/request-listener.js';
export { publicBaseUrl } from './public-base-url.js';
export { makeRateLimit, type RateLimit } from './rate-limit.js';
export { logRequest, type RequestObserver } from './request-log.js';
export { sendError, sendJson, setHeaders } from './send-answer.js';
export { StreamAnswer, sendStream } from './stream-answer.js';
