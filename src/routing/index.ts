/**
 * Where the mail of a destination goes: its mail exchangers or a smarthost (transport), which site they are, and how much TLS is needed there.
 * Look-ups never reject: a route without hosts says why, as a reply and whether it is for good.
 */
export { decideTls, isSendersDemand, type TlsRequirement, transportRequirement } from './decide-tls.js';
export type { NextHop } from './next-hop.js';
export { destinationOfNobody, isNobody, makeRoutes, notReceived, type Route, type Routes, type SiteFacts } from './routes.js';
export { findFallback, siteOfTransport, type Transport } from './transport.js';
