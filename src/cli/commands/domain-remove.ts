/** `domain remove NAME`: deletes a domain with its credentials and keys. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';
import { domainPath } from './domain-show.js';

export function domainRemove(cli: Cli): Command {
  return serverCommand(cli, 'remove', 'delete a domain with its credentials and keys')
    .argument('<name>')
    .action(async (name: string, options: ServerOptions) => {
      const answer = await connect(cli, options).remove<{ message: string }>(domainPath(name));
      report(cli, options, answer, () => answer.message);
    });
}
