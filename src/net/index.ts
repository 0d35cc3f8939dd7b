/**
 * What the network says and how to reach it: DNS with a cache, mail exchangers, addresses, CIDR blocks, HTTP to strangers, TLS and what
 * domains demand of it (MTA-STS, DANE). No SQL.
 *
 * - DNS questions never reject: an answer is records, `nodata`, `nxdomain` or `failed`, and `failed` is always temporary.
 * - `resolveMailExchangers` and `resolveHostAddresses` give a host to try, or who is to blame with a code, an enhanced code, a
 *   text that may be shown, and whether trying again makes sense. Addresses that are not public are refused unless allowed.
 * - `makeHttpClient` fetches URLs of strangers: it never rejects and never connects to an address that is not public, unless allowed.
 * - `policyFor` and `daneFor` never reject: what cannot be had is no policy (MTA-STS) or a reason to leave the host alone (DANE). `decideTlsLevel`
 *   makes one level of both and of what the sender asked for.
 * - `loadServerTls` and `loadAuthorities` throw an Error that names the configuration key; `parseCidr` gives undefined for bad text, `makeCidrMatcher` and
 *   `makeDnsClient` throw for it: they are made once, at start, from configuration.
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
