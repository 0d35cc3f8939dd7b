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
export { type Cidr, makeCidrMatcher, parseCidr } from './cidr.js';
export { type ClientTls, makeClientTls, type TlsLevel } from './client-tls.js';
export { type ConnectionCounter, type ConnectionLimits, makeConnectionCounter } from './connection-counter.js';
export { type ConnectionRoom, decideConnectionRoom, makeConnectionRoom } from './connection-room.js';
export { type Dane, type DaneQuestion, type DaneResult, makeDane } from './dane.js';
export type { Dns, DnsAnswer, DnsFailure, DnsRecords, DnsType, MxRecord, TlsaRecord } from './dns-answer.js';
export { makeDnsCache } from './dns-cache.js';
export { type DnsClientOptions, makeDnsClient, parseDnsServer } from './dns-client.js';
export { type HttpClient, type HttpClientOptions, type HttpRequest, type HttpResult, makeHttpClient } from './http-client.js';
export { loadAuthorities } from './load-authorities.js';
export { lookupSystemHost } from './lookup-system-host.js';
export { type MtaSts, type MtaStsOptions, makeMtaSts, type StsStore } from './mta-sts.js';
export { pointerName } from './pointer-name.js';
export { hasGlobalIpv6, isPublicAddress } from './public-address.js';
export { type AddressResult, type HostAddress, resolveHostAddresses } from './resolve-host-addresses.js';
export { type MailExchanger, type MxResult, resolveMailExchangers } from './resolve-mail-exchangers.js';
export { makeResolverCheck, type ResolverCheck, type ResolverCheckOptions, type ResolverStanding } from './resolver-check.js';
export { type CertificatePair, makeSelfSignedCertificate } from './self-signed-certificate.js';
export { isLoopback, sourceOf } from './source-of.js';
export type { StoredStsPolicy } from './sts-memory.js';
export { mxMatches, parseStsPolicy, readStsRecord, type StsMode, type StsPolicy, type StsPolicyFile } from './sts-policy.js';
export { loadServerTls, type ServerTls, type ServerTlsFiles, serverTlsOptions } from './tls-context.js';
export { decideTlsLevel, type TlsDecision, type TlsDecisionLevel, type TlsPolicyInput } from './tls-policy.js';
export { type KeptTlsSession, makeTlsSessions, type TlsSessionKey, type TlsSessions } from './tls-sessions.js';
export { checkUrl, isAllowedAddress, isWebPort, type UrlRefusal, type UrlRules } from './url-guard.js';
export { peerChain, type TlsaVerdict, verifyTlsa } from './verify-tlsa.js';
