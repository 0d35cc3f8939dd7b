/** `credential list [DOMAIN]`: the SMTP logins of a domain, or of all domains. */
import type { Command } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { renderTable } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import { credentialsPath } from './credential-add.js';

interface WireCredential {
  login: string;
  created_at: string;
}

export function credentialList(cli: Cli): Command {
  return serverCommand(cli, 'list', 'list SMTP logins')
    .argument('[domain]', 'only of this domain')
    .action(async (domain: string | undefined, options: ServerOptions) => {
      const api = connect(cli, options);
      const domains = domain === undefined ? (await api.listAll<{ name: string }>('/v4/domains')).map(({ name }) => name) : [domain];
      const items: WireCredential[] = [];
      for (const name of domains) items.push(...(await api.listAll<WireCredential>(credentialsPath(name))));
      report(cli, options, { total_count: items.length, items }, (paint) =>
        renderTable(
          paint,
          ['LOGIN', 'CREATED'],
          items.map(({ login, created_at }) => [login, timeText(created_at)]),
          'No SMTP logins.',
        ),
      );
    });
}
