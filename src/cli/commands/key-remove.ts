/** `key remove ID`: deletes an API key; it stops working at once. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';

export function keyRemove(cli: Cli): Command {
  return serverCommand(cli, 'remove', 'delete an API key')
    .argument('<id>', 'the id that "key list" shows')
    .action(async (id: string, options: ServerOptions) => {
      const answer = await connect(cli, options).remove<{ message: string }>(`/v1/keys/${encodeURIComponent(id)}`);
      report(cli, options, answer, () => answer.message);
    });
}
