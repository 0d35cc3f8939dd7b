/** Shows DNS records: what to publish and, once the records were looked up, what is published instead. */
import { cleanText } from '#core';
import { isLocalName } from '../local-name.js';
import type { Paint } from '../terminal.js';

export interface WireDnsRecord {
  record_type: string;
  name?: string;
  value: string;
  valid: string;
  /** What DNS answered when it was asked last. */
  cached?: string[];
  /** Why the look-up failed. */
  lookup_error?: string;
}

export interface WireRecords {
  sending_dns_records: WireDnsRecord[];
  receiving_dns_records: WireDnsRecord[];
}

/** The records to publish, one block each: values are too long for a table and are copied whole. */
export function renderRecords(paint: Paint, records: WireRecords): string {
  const blocks = [
    paint.dim('To send:'),
    ...records.sending_dns_records.flatMap((record) => block(paint, record)),
    '',
    adviceOnMx(paint, records),
  ];
  const host = hostOf(records);
  if (host !== undefined && isLocalName(host)) {
    blocks.push(
      '',
      paint.yellow(`"${host}" is no name that others can look up: set "hostname" in the server's configuration to a name of it in DNS,`),
      paint.yellow('such as mail.example.com, and restart it before you publish these records.'),
    );
  }
  return blocks.join('\n');
}

/** No MX record is proposed while no mail is received. If there is one that names this server, a line says what that means. */
function adviceOnMx(paint: Paint, { receiving_dns_records: receiving }: WireRecords): string {
  return receiving.some(({ valid }) => valid === 'valid')
    ? paint.yellow('The MX of the domain names this server, which receives no mail yet: let it name the server where its mail arrives.')
    : paint.dim('Leave the MX of the domain as it is: this version receives no mail.');
}

/** The server's own name, as its records spell it. */
const hostOf = ({ sending_dns_records: sending }: WireRecords): string | undefined =>
  sending.map(({ value }) => /^v=spf1 a:(\S+)/.exec(value)?.[1]).find(Boolean);

const INDENT = '      ';

function block(paint: Paint, record: WireDnsRecord): string[] {
  const { record_type: type, name = '', value, valid } = record;
  const colour = valid === 'valid' ? paint.green : valid === 'invalid' ? paint.red : paint.yellow;
  const found = foundLines(paint, record);
  // If both are shown, labels say which of the two is expected.
  return [`${paint.bold(type.padEnd(5))} ${name}  ${colour(valid)}`, `${INDENT}${found.length > 0 ? 'expected: ' : ''}${value}`, ...found];
}

function foundLines(paint: Paint, { valid, value, cached = [], lookup_error: error }: WireDnsRecord): string[] {
  if (error !== undefined) return [`${INDENT}${paint.yellow(`found:    the look-up failed (${cleanText(error)})`)}`];
  if (valid !== 'invalid') return [];
  const found = cached.length === 0 ? ['nothing'] : cached.map(cleanText);
  const advice = value.startsWith('v=spf1') ? spfAdvice(value, found) : undefined;
  return [
    ...found.map((text) => `${INDENT}found:    ${text}`),
    ...(advice === undefined ? [] : [`${INDENT}${paint.yellow(`→ ${advice}`)}`]),
  ];
}

/** A domain may have one SPF record only, so the missing part is added to the one that is published. */
function spfAdvice(expected: string, found: readonly string[]): string | undefined {
  const records = found.filter((text) => /^v=spf1(?: |$)/i.test(text));
  const [record] = records;
  if (record === undefined) return undefined;
  if (records.length > 1) return `${records.length} SPF records are an error: make one of them`;
  const term = /a:\S+/.exec(expected)?.[0] ?? expected;
  return `change it to: ${record.replace(/\s*$/, '').replace(/(\s[-~?+]?all)?$/i, (all) => ` ${term}${all}`)}`;
}
