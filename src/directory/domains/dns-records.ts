/** The DNS records a domain publishes to send and receive through this server, and whether what DNS answers satisfies them. Pure. */
import { dkimRecordValue, publicKeyOfRecord } from '#mail';
import type { DkimKeyRecord, DomainRecord } from '#store';

/** One record a customer publishes, with what DNS said when it was last looked up. */
export interface DnsRecord {
  recordType: 'TXT' | 'MX' | 'CNAME';
  /** Absent on MX records, as in Mailgun's answers. */
  name?: string;
  /** A number as text, on MX only. */
  priority?: string;
  value: string;
  valid: 'valid' | 'invalid' | 'unknown';
  /** What DNS answered. */
  cached: string[];
  /** Why DNS could not be asked, when it could not: says nothing of the record. */
  lookupError?: string;
}

export interface DomainDns {
  sending: DnsRecord[];
  receiving: DnsRecord[];
}

/** Texts that DNS holds, or why it could not be asked. */
export type DnsTexts = { texts: string[] } | { failure: string };
export type DnsAnswers = (type: DnsRecord['recordType'], name: string) => DnsTexts;

export function expectedRecords(domain: DomainRecord, keys: DkimKeyRecord[], hostname: string): DomainDns {
  const unchecked = { valid: 'unknown' as const, cached: [] };
  return {
    sending: [
      { recordType: 'TXT', name: domain.name, value: `v=spf1 a:${hostname} ~all`, ...unchecked },
      ...keys
        .filter((key) => key.active)
        .map((key) => ({
          recordType: 'TXT' as const,
          name: dkimRecordName(key, domain),
          value: dkimRecordValue(key.publicKey, key.kind),
          valid: key.published ? ('valid' as const) : ('unknown' as const),
          cached: [],
        })),
      { recordType: 'CNAME', name: `${domain.webPrefix}.${domain.name}`, value: hostname, ...unchecked },
    ],
    receiving: [{ recordType: 'MX', priority: '10', value: hostname, ...unchecked }],
  };
}

/** Fills in `valid` and `cached` of the expected records by what DNS answers. `hostAddresses` are those of this server. */
export function checkRecords(expected: DomainDns, domain: string, hostAddresses: string[], answers: DnsAnswers): DomainDns {
  const check = (record: DnsRecord): DnsRecord => {
    const found = answers(record.recordType, record.name ?? domain);
    if ('failure' in found) return { ...record, valid: 'unknown', cached: [], lookupError: found.failure };
    return { ...record, valid: satisfies(record, found.texts, hostAddresses) ? 'valid' : 'invalid', cached: found.texts };
  };
  return { sending: expected.sending.map(check), receiving: expected.receiving.map(check) };
}

/** A domain becomes active when DNS shows its SPF record and the record of a DKIM key; the tracking name is optional. */
export function isReadyToSend({ sending }: DomainDns): boolean {
  const valid = sending.filter((record) => record.recordType === 'TXT' && record.valid === 'valid');
  return valid.some(isSpf) && valid.some((record) => !isSpf(record));
}

export const dkimRecordName = (key: { selector: string }, domain: { name: string }): string => `${key.selector}._domainkey.${domain.name}`;

export const isSpf = (record: DnsRecord): boolean => record.value.startsWith('v=spf1');

function satisfies(record: DnsRecord, found: string[], hostAddresses: string[]): boolean {
  if (record.recordType !== 'TXT') return found.some((value) => sameName(value, record.value));
  if (isSpf(record)) {
    const [spf, ...others] = found.filter((text) => /^v=spf1(?: |$)/i.test(text));
    return spf !== undefined && others.length === 0 && spfNames(spf, record.value, hostAddresses);
  }
  const wanted = publicKeyOfRecord(record.value);
  return wanted !== undefined && found.some((text) => publicKeyOfRecord(text) === wanted);
}

const sameName = (left: string, right: string) => left.toLowerCase().replace(/\.$/, '') === right.toLowerCase();

/** True when the record passes this server by one of the plain ways: its name, its addresses, or everybody. */
function spfNames(spf: string, wanted: string, hostAddresses: string[]): boolean {
  const hostname = /a:(\S+)/.exec(wanted)?.[1] ?? '';
  const accepted = new Set([
    `a:${hostname}`,
    `include:${hostname}`,
    ...hostAddresses.map((ip) => (ip.includes(':') ? `ip6:${ip}` : `ip4:${ip}`)),
  ]);
  return spf
    .toLowerCase()
    .split(/\s+/)
    .some((term) => accepted.has(term.replace(/^\+/, '')));
}
