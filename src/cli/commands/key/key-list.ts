/** `key list`: the API keys of the account, without their secrets. */
import type { Command } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { renderTable } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import type { WireKey } from './key-create.js';

export function keyList(cli: Cli): Command {
  return serverCommand(cli, 'list', 'list API keys')
    .option('--domain <domain>', 'only keys of this domain')
    .action(async (options: ServerOptions & { domain?: string }) => {
      const answer = await connect(cli, options).get<{ items: WireKey[] }>('/v1/keys', { domain_name: options.domain });
      report(cli, options, answer, (paint) => {
        const rows = answer.items.map((key) => [
          key.id,
          key.role,
          key.kind,
          key.domain_name ?? '',
          timeText(key.created_at),
          timeText(key.expires_at),
          key.description,
        ]);
        return renderTable(paint, ['ID', 'ROLE', 'KIND', 'DOMAIN', 'CREATED', 'EXPIRES', 'DESCRIPTION'], rows, 'No API keys.');
      });
    });
}
