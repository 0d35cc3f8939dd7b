/** `domain list`: every domain of the account. */
import { type Command, Option } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { renderTable } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import type { WireDomain } from './domain-show.js';

export function domainList(cli: Cli): Command {
  return serverCommand(cli, 'list', 'list the domains of the account')
    .addOption(new Option('--state <state>', 'only those in this state').choices(['active', 'unverified', 'disabled']))
    .option('--search <text>', 'only names that contain this')
    .action(async (options: ServerOptions & { state?: string; search?: string }) => {
      const { state, search } = options;
      const items = await connect(cli, options).listAll<WireDomain>('/v4/domains', { state, search });
      report(cli, options, { total_count: items.length, items }, (paint) => {
        const rows = items.map((domain) => [
          domain.name,
          { text: domain.state, paint: domain.state === 'active' ? paint.green : paint.yellow },
          domain.type,
          timeText(domain.created_at),
        ]);
        return renderTable(paint, ['DOMAIN', 'STATE', 'TYPE', 'CREATED'], rows, 'No domains. Add one with "mailwagon domain add NAME".');
      });
    });
}
