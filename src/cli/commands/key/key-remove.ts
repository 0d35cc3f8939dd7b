/** `key remove ID`: deletes an API key, which stops working at once; asks first. */
import type { Command } from 'commander';
import { confirm, withYes } from '../../ask/confirm.js';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';

export function keyRemove(cli: Cli): Command {
  return withYes(serverCommand(cli, 'remove', 'delete an API key'))
    .argument('<id>', 'the id that "key list" shows')
    .action(async (id: string, options: ServerOptions & { yes?: boolean }) => {
      const api = connect(cli, options);
      await confirm(cli, options, `The key ${id} stops working at once and cannot be brought back`);
      const answer = await api.remove<{ message: string }>(`/v1/keys/${encodeURIComponent(id)}`);
      report(cli, options, answer, () => answer.message);
    });
}
