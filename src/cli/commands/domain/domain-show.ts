/** `domain show NAME`: a domain with its settings, its logins and the DNS records it needs. */
import type { Command } from 'commander';
import { type ApiClient, ApiRefusal } from '../../ask/api-client.js';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { renderRecords, type WireDnsRecord } from '../../render/render-records.js';
import { renderFields } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import type { Paint } from '../../terminal.js';
import { credentialsPath } from '../credential/credential-add.js';

export interface WireDomain {
  name: string;
  state: string;
  type: string;
  created_at: string;
  /** The API always names this login, whether it exists or not. */
  smtp_login: string;
  require_tls: boolean;
  skip_verification: boolean;
}

export interface WireDomainAnswer {
  message?: string;
  domain: WireDomain;
  sending_dns_records: WireDnsRecord[];
  receiving_dns_records: WireDnsRecord[];
}

export function domainShow(cli: Cli): Command {
  return serverCommand(cli, 'show', 'show a domain and its DNS records')
    .argument('<name>', 'the domain')
    .action(async (name: string, options: ServerOptions) => {
      const api = connect(cli, options);
      const answer = await api.get<WireDomainAnswer>(domainPath(name));
      const logins = options.json ? undefined : await loginsOf(api, name);
      report(cli, options, answer, (paint) => `${renderDomain(paint, answer.domain, logins)}\n\n${renderRecords(paint, answer)}`);
    });
}

export const domainPath = (name: string) => `/v4/domains/${encodeURIComponent(name)}`;

const MAX_LOGINS = 10;

/** Undefined if the key may not see logins. */
async function loginsOf(api: ApiClient, domain: string): Promise<string[] | undefined> {
  try {
    const page = await api.get<{ items: { login: string }[]; total_count: number }>(credentialsPath(domain), { limit: MAX_LOGINS });
    const more = page.total_count - page.items.length;
    return [...page.items.map(({ login }) => login), ...(more > 0 ? [`${more} more`] : [])];
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 403) return undefined;
    throw error;
  }
}

/** `logins`: undefined if they are not known. */
export function renderDomain(paint: Paint, domain: WireDomain, logins: readonly string[] | undefined): string {
  const none = `none yet: "mailwagon credential add NAME@${domain.name}" makes one`;
  return renderFields(paint, [
    ['name', domain.name],
    ['state', { text: domain.state, paint: domain.state === 'active' ? paint.green : paint.yellow }],
    ['type', domain.type],
    ['SMTP logins', logins && (logins.length === 0 ? { text: none, paint: paint.dim } : logins.join(', '))],
    ['require TLS', domain.require_tls ? 'yes' : 'no'],
    ['skip verification', domain.skip_verification ? 'yes' : 'no'],
    ['created', timeText(domain.created_at)],
  ]);
}
