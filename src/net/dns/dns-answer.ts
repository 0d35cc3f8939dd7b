/**
 * The types of a DNS answer, the same from the client and from the cache. There are four outcomes and no exception. Names are lower-case without the
 * final dot.
 */

export interface MxRecord {
  preference: number;
  /** `'.'` for the null MX (RFC 7505). */
  exchange: string;
}

export interface TlsaRecord {
  usage: number;
  selector: number;
  matchingType: number;
  certificate: Buffer;
}

/** What the records of each type look like. For TXT the strings of one record are joined, as DKIM, SPF and MTA-STS need them. */
export interface DnsRecords {
  A: string;
  AAAA: string;
  MX: MxRecord;
  TXT: string;
  CNAME: string;
  NS: string;
  PTR: string;
  TLSA: TlsaRecord;
}

export type DnsType = keyof DnsRecords;

/**
 * Why there is no answer. All of these are faults on the way to the answer and say nothing about the name, so they are temporary. `unreachable`: no
 * server could be reached. `malformed`: the response could not be read. `rejected`: a response code other than the ones named here.
 */
export type DnsFailure = 'servfail' | 'refused' | 'timeout' | 'unreachable' | 'malformed' | 'cname-loop' | 'rejected';

/**
 * `ttl` is in seconds. `authenticated`: the resolver says that it validated every part of the answer (AD, RFC 4035). `canonicalName`: the name that
 * holds the records, if the name in the question is an alias (CNAME) of it.
 */
export type DnsAnswer<T extends DnsType = DnsType> =
  | { kind: 'records'; records: readonly DnsRecords[T][]; ttl: number; authenticated: boolean; canonicalName?: string }
  | { kind: 'nodata'; ttl: number; authenticated: boolean }
  | { kind: 'nxdomain'; ttl: number; authenticated: boolean }
  | { kind: 'failed'; reason: DnsFailure };

/** Answers DNS questions. Never rejects because of DNS: a failure is an answer of kind `failed`. */
export interface Dns {
  query<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>>;
}
