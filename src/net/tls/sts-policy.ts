/** Reads MTA-STS records and policies, and matches mail exchangers against them (RFC 8461 sections 3.1, 3.2 and 4.1); pure. */
import { parseDomain } from '#core';

export type StsMode = 'enforce' | 'testing' | 'none';

export interface StsPolicy {
  mode: StsMode;
  /** Patterns in lower case: a host name, or `*.` followed by the rest of a name. Empty only if the mode is `none`. */
  mx: readonly string[];
  /** Id in the TXT record under which the policy was fetched. */
  id: string;
  /** Wall clock, ms. */
  expiresAt: number;
}

/** The content of the file at the well-known address. */
export interface StsPolicyFile {
  mode: StsMode;
  mx: readonly string[];
  /** Seconds. */
  maxAge: number;
}

/** A year (RFC 8461 3.2). */
const MAX_AGE_SECONDS = 31_557_600;
/** A policy of 64 kB could have thousands of patterns. Nobody needs that many, and all of them would be kept in memory. */
const MAX_PATTERNS = 200;

const VERSION = /^v=STSv1[ \t]*;/;
const RECORD = /^v=STSv1(?:[ \t]*;[ \t]*[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+)+(?:[ \t]*;)?[ \t]*$/;

/** The id of the record. Undefined if there is no record of the right version, more than one, or one that cannot be read (RFC 8461 3.1). */
export function readStsRecord(records: readonly string[]): string | undefined {
  const [record, ...more] = records.filter((text) => VERSION.test(text));
  if (record === undefined || more.length > 0 || !RECORD.test(record)) return undefined;
  const id = record
    .split(';')
    .map((field) => field.trim())
    .find((field) => field.startsWith('id='));
  return /^id=([A-Za-z0-9]{1,32})$/.exec(id ?? '')?.[1];
}

/** The policy, or a sentence that says what is wrong with it. Unknown fields are skipped. Of a repeated field only the first one counts. */
export function parseStsPolicy(text: string): StsPolicyFile | string {
  const fields = readFields(text);
  if (typeof fields === 'string') return fields;
  const first = (name: string) => fields.find(([key]) => key === name)?.[1];
  if (first('version') !== 'STSv1') return 'the version is not STSv1';
  const mode = first('mode');
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return 'the mode is none of enforce, testing and none';
  const maxAge = /^\d{1,10}$/.test(first('max_age') ?? '') ? Number(first('max_age')) : Number.NaN;
  if (!(maxAge <= MAX_AGE_SECONDS)) return `max_age is not a number of seconds up to ${MAX_AGE_SECONDS}`;
  const patterns = fields.filter(([key]) => key === 'mx').map(([, value]) => parsePattern(value));
  const mx = patterns.filter((pattern) => pattern !== undefined);
  if (mx.length < patterns.length) return 'an mx is no host name';
  if (mx.length > MAX_PATTERNS) return `there are more than ${MAX_PATTERNS} mx`;
  if (mx.length === 0 && mode !== 'none') return 'there is no mx';
  return { mode, mx, maxAge };
}

function readFields(text: string): [key: string, value: string][] | string {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  while (lines.at(-1)?.trim() === '') lines.pop();
  const fields: [string, string][] = [];
  for (const line of lines) {
    const [, key, value] = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(\S|\S.*\S)[ \t]*$/.exec(line) ?? [];
    if (key === undefined || value === undefined || /\p{Cc}/u.test(value)) return 'a line is not of the form "key: value"';
    fields.push([key, value]);
  }
  return fields;
}

/** RFC 8461 3.2: `*` stands for one whole label, the left-most one. Internationalised names are written as A-labels. */
function parsePattern(value: string): string | undefined {
  const [, star = '', name = ''] = /^(\*\.)?([A-Za-z0-9._-]+)$/.exec(value) ?? [];
  const parsed = parseDomain(name);
  return parsed === undefined ? undefined : `${star}${parsed}`;
}

/** Whether mail may go to the exchanger (RFC 8461 4.1). `mxHost` may be in any case, with or without a final dot. */
export function mxMatches(policy: Pick<StsPolicy, 'mx'>, mxHost: string): boolean {
  const host = mxHost.toLowerCase().replace(/\.$/, '');
  const parent = host.slice(host.indexOf('.') + 1);
  return policy.mx.some((pattern) => (pattern.startsWith('*.') ? host.includes('.') && parent === pattern.slice(2) : host === pattern));
}
