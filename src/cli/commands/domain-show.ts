/** `domain show NAME`: a domain with its settings and the DNS records it needs; the other domain commands show theirs the same way. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';
import { renderFields } from '../table.js';
import type { Paint } from '../terminal.js';

export interface WireDomain {
  name: string;
  state: string;
  type: string;
  created_at: string;
  smtp_login: string;
  require_tls: boolean;
  skip_verification: boolean;
}

export interface WireDnsRecord {
  record_type: string;
  name?: string;
  priority?: string;
  value: string;
  valid: string;
}

export interface WireDomainAnswer {
  message?: string;
  domain: WireDomain;
  sending_dns_records: WireDnsRecord[];
  receiving_dns_records: WireDnsRecord[];
}

export function domainShow(cli: Cli): Command {
  return serverCommand(cli, 'show', 'show a domain and its DNS records')
    .argument('<name>')
    .action(async (name: string, options: ServerOptions) => {
      const answer = await connect(cli, options).get<WireDomainAnswer>(domainPath(name));
      report(cli, options, answer, (paint) => `${renderDomain(paint, answer.domain)}\n\n${renderRecords(paint, answer)}`);
    });
}

export const domainPath = (name: string) => `/v4/domains/${encodeURIComponent(name)}`;

export function renderDomain(paint: Paint, domain: WireDomain): string {
  return renderFields(paint, [
    ['name', domain.name],
    ['state', { text: domain.state, paint: domain.state === 'active' ? paint.green : paint.yellow }],
    ['type', domain.type],
    ['SMTP login', domain.smtp_login],
    ['require TLS', domain.require_tls ? 'yes' : 'no'],
    ['skip verification', domain.skip_verification ? 'yes' : 'no'],
    ['created', domain.created_at],
  ]);
}

/** The records to publish, one block each: values are too long for a table and are copied whole. */
export function renderRecords(paint: Paint, records: Pick<WireDomainAnswer, 'sending_dns_records' | 'receiving_dns_records'>): string {
  const block = (record: WireDnsRecord, name: string) => {
    const state = record.valid === 'valid' ? paint.green : record.valid === 'invalid' ? paint.red : paint.yellow;
    const priority = record.priority === undefined ? '' : `${record.priority} `;
    return `${paint.bold(record.record_type.padEnd(5))} ${name}  ${state(record.valid)}\n      ${priority}${record.value}`;
  };
  const sending = records.sending_dns_records.map((record) => block(record, record.name ?? ''));
  const receiving = records.receiving_dns_records.map((record) => block(record, record.name ?? '(the domain itself)'));
  return [paint.dim('To send:'), ...sending, ...(receiving.length > 0 ? ['', paint.dim('To receive:'), ...receiving] : [])].join('\n');
}
