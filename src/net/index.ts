/**
 * What the network says and how to reach it: DNS with a cache, mail exchangers, addresses, CIDR blocks and TLS. No SQL, no policy.
 *
 * - DNS questions never reject: an answer is records, `nodata`, `nxdomain` or `failed`, and `failed` is always temporary.
 * - `resolveMailExchangers` and `resolveHostAddresses` give a host to try, or who is to blame with a code, an enhanced code, a
 *   text that may be shown, and whether trying again makes sense. Addresses that are not public are refused unless allowed.
 * - `makeHttpClient` fetches URLs of strangers: it never rejects and never connects to an address that is not public, unless allowed.
 * - `loadServerTls` throws an Error that names the configuration key; `parseCidr` gives undefined for bad text, `makeCidrMatcher` and
 *   `makeDnsClient` throw for it: they are made once, at start, from configuration.
 */
export { type Cidr, makeCidrMatcher, parseCidr } from './cidr.js';
export { clientTlsOptions, type TlsLevel } from './client-tls.js';
export type { Dns, DnsAnswer, DnsFailure, DnsRecords, DnsType, MxRecord, TlsaRecord } from './dns-answer.js';
export { makeDnsCache } from './dns-cache.js';
export { type DnsClientOptions, makeDnsClient, parseDnsServer } from './dns-client.js';
export { type HttpClient, type HttpClientOptions, type HttpRequest, type HttpResult, makeHttpClient } from './http-client.js';
export { lookupSystemHost } from './lookup-system-host.js';
export { type MtaSts, type MtaStsOptions, makeMtaSts, type StoredStsPolicy, type StsStore } from './mta-sts.js';
export { hasGlobalIpv6, isPublicAddress } from './public-address.js';
export { type AddressResult, type HostAddress, resolveHostAddresses } from './resolve-host-addresses.js';
export { type MailExchanger, type MxResult, resolveMailExchangers } from './resolve-mail-exchangers.js';
export { type CertificatePair, makeSelfSignedCertificate } from './self-signed-certificate.js';
export { mxMatches, parseStsPolicy, readStsRecord, type StsMode, type StsPolicy, type StsPolicyFile } from './sts-policy.js';
export { loadServerTls, type ServerTls, type ServerTlsFiles, serverTlsOptions } from './tls-context.js';
export { checkUrl, isAllowedAddress, isWebPort, type UrlRefusal, type UrlRules } from './url-guard.js';
