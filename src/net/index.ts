/**
 * net: what the network says and how to reach it. DNS with a cache, mail exchangers, addresses, CIDR blocks, HTTP to strangers, TLS, and what
 * domains demand of TLS (MTA-STS, DANE). No SQL.
 *
 * - DNS questions never reject: an answer is records, `nodata`, `nxdomain` or `failed`, and `failed` is always temporary.
 * - `resolveMailExchangers` and `resolveHostAddresses` give hosts or addresses to try. If there are none, they give the cause: a code, an enhanced
 *   code, a text that may be shown, and whether trying again makes sense. Addresses that are not public are refused unless allowed.
 * - `makeHttpClient` fetches URLs of strangers. It never rejects, and never connects to an address that is not public, unless allowed.
 * - `policyFor` and `daneFor` never reject. If an MTA-STS policy cannot be fetched, there is no policy. If TLSA records cannot be looked up, the
 *   host is not used. `decideTlsLevel` makes one level of both and of what the sender asked for.
 * - `loadServerTls` and `loadAuthorities` throw an Error that names the configuration key. `parseCidr` gives undefined for bad text.
 *   `makeCidrMatcher` and `makeDnsClient` throw for bad text: they are called once, at start, with the configuration.
 */
export { makeCidrMatcher, parseCidr } from './cidr.js';
export { clientNetworkOf, isLoopback } from './client-network.js';
export { type ConnectionCounter, type ConnectionLimits, makeConnectionCounter } from './connection-counter.js';
export { type ConnectionRoom, decideConnectionRoom, makeConnectionRoom } from './connection-room.js';
export type { Dns, DnsAnswer, DnsType, TlsaRecord } from './dns/dns-answer.js';
export { makeDnsCache } from './dns/dns-cache.js';
export { makeDnsClient, parseDnsServer } from './dns/dns-client.js';
export { lookupSystemHost } from './dns/lookup-system-host.js';
export { pointerName } from './dns/pointer-name.js';
export { type AddressResult, resolveHostAddresses } from './dns/resolve-host-addresses.js';
export { resolveMailExchangers } from './dns/resolve-mail-exchangers.js';
export { makeResolverCheck } from './dns/resolver-check.js';
export { type HttpClient, type HttpClientOptions, type HttpRequest, type HttpResult, makeHttpClient } from './http-client/http-client.js';
export { checkUrl, isWebPort } from './http-client/url-guard.js';
export { hasGlobalIpv6, isPublicAddress } from './public-address.js';
export { type ClientTls, makeClientTls, type TlsLevel } from './tls/client-tls.js';
export { type Dane, type DaneQuestion, type DaneResult, makeDane } from './tls/dane.js';
export { loadAuthorities } from './tls/load-authorities.js';
export { type MtaSts, type MtaStsOptions, makeMtaSts } from './tls/mta-sts.js';
export { type CertificatePair, makeSelfSignedCertificate } from './tls/self-signed-certificate.js';
export type { StoredStsPolicy } from './tls/sts-memory.js';
export { mxMatches, parseStsPolicy, readStsRecord, type StsMode, type StsPolicy } from './tls/sts-policy.js';
export { loadServerTls, type ServerTls, serverTlsOptions } from './tls/tls-context.js';
export { decideTlsLevel, type TlsDecision, type TlsPolicyInput } from './tls/tls-policy.js';
export { makeTlsSessions, type TlsSessionKey, type TlsSessions } from './tls/tls-sessions.js';
export { peerChain, verifyTlsa } from './tls/verify-tlsa.js';
