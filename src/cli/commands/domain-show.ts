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
  const block = (record: WireDnsRecord) => {
    const state = record.valid === 'valid' ? paint.green : record.valid === 'invalid' ? paint.red : paint.yellow;
    const priority = record.priority === undefined ? '' : `${record.priority} `;
    return `${paint.bold(record.record_type.padEnd(5))} ${record.name ?? ''}  ${state(record.valid)}\n      ${priority}${record.value}`;
  };
  return [paint.dim('To send:'), ...records.sending_dns_records.map(block), '', adviceOnMx(paint, records)].join('\n');
}

/** Nobody is invited to publish an MX while no mail is received; who has done it all the same is told. */
function adviceOnMx(paint: Paint, { receiving_dns_records: receiving }: Pick<WireDomainAnswer, 'receiving_dns_records'>): string {
  return receiving.some(({ valid }) => valid === 'valid')
    ? paint.yellow('The MX of the domain names this server, which receives no mail yet: let it name the server where its mail arrives.')
    : paint.dim('Leave the MX of the domain as it is: this version receives no mail.');
}
