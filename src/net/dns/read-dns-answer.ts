/**
 * Finds the records of a question in one response, and follows the CNAMEs in it; pure. If the chain of CNAMEs leaves the response, gives the name to
 * ask next.
 */
import type { Answer } from 'dns-packet';
import type { DnsAnswer, DnsRecords, DnsType } from './dns-answer.js';
import type { DnsResponse } from './dns-message.js';

/** `alias`: the response ends in a CNAME to a name that it has no records of. */
export type ReadAnswer<T extends DnsType> =
  | DnsAnswer<T>
  | { kind: 'alias'; target: string; hopsLeft: number; ttl: number; authenticated: boolean };

const NXDOMAIN = 3;
const DEFAULT_NEGATIVE_TTL_SECONDS = 60;

/** `hopsLeft`: how many CNAMEs may still be followed; a longer chain is taken for a loop. `name` is normalised. */
export function readDnsAnswer<T extends DnsType>(response: DnsResponse, name: string, type: T, hopsLeft: number): ReadAnswer<T> {
  const { authenticated } = response;
  let current = name;
  let ttl = Number.POSITIVE_INFINITY;
  let left = hopsLeft;
  for (;;) {
    const here = response.answers.filter((answer) => normal(answer.name) === current && 'class' in answer && answer.class === 'IN');
    const found = here.filter((answer) => answer.type === type);
    if (found.length > 0) {
      const records = found.map((answer) => recordOf(answer, type)).filter((record) => record !== undefined);
      const canonical = current === name ? {} : { canonicalName: current };
      return { kind: 'records', records, ttl: Math.min(ttl, ...found.map(ttlOf)), authenticated, ...canonical };
    }
    const alias = here.find((answer) => answer.type === 'CNAME');
    if (alias?.type !== 'CNAME') break;
    if (left === 0) return { kind: 'failed', reason: 'cname-loop' };
    left -= 1;
    ttl = Math.min(ttl, ttlOf(alias));
    current = normal(alias.data);
  }
  const negativeTtl = Math.min(ttl, response.negativeTtl ?? DEFAULT_NEGATIVE_TTL_SECONDS);
  if (response.rcode === NXDOMAIN) return { kind: 'nxdomain', ttl: negativeTtl, authenticated };
  if (current !== name && response.negativeTtl === undefined) return { kind: 'alias', target: current, hopsLeft: left, ttl, authenticated };
  return { kind: 'nodata', ttl: negativeTtl, authenticated };
}

const normal = (name: string) => (name === '.' ? name : name.toLowerCase().replace(/\.$/, ''));
const ttlOf = (answer: Answer) => ('ttl' in answer ? (answer.ttl ?? 0) : 0);

/** Converts a record of dns-packet to ours. The caller has already chosen it by its type. */
function recordOf<T extends DnsType>(answer: Answer, type: T): DnsRecords[T] | undefined {
  const read = readers[type] as (answer: Answer) => DnsRecords[T] | undefined;
  return read(answer);
}

const textOf = (answer: Answer) => ('data' in answer && typeof answer.data === 'string' ? answer.data : undefined);
const nameOf = (answer: Answer) => {
  const text = textOf(answer);
  return text === undefined ? undefined : normal(text);
};

const readers: { [T in DnsType]: (answer: Answer) => DnsRecords[T] | undefined } = {
  A: textOf,
  AAAA: textOf,
  CNAME: nameOf,
  NS: nameOf,
  PTR: nameOf,
  MX: (answer) => (answer.type === 'MX' ? { preference: answer.data.preference ?? 0, exchange: normal(answer.data.exchange) } : undefined),
  TXT: (answer) => (answer.type === 'TXT' ? [answer.data].flat().map(String).join('') : undefined),
  TLSA: (answer) => (answer.type === 'TLSA' ? answer.data : undefined),
};
