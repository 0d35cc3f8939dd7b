/**
 * Where the mail of a destination goes: its mail exchangers or a smarthost (transport), which site they are, and how much TLS is needed there.
 * Look-ups never reject: a route without hosts has a reply that says why, and says whether that is final.
 */
export { decideTls, isSendersDemand, type TlsRequirement, transportRequirement } from './decide-tls.js';
export { makeRoutes, type NextHop, notReceived, type Route, type Routes, type SiteFacts } from './routes.js';
export { destinationOfNobody, isNobody } from './site-name.js';
export { findFallback, siteOfTransport, type Transport } from './transport.js';
