/** `domain remove NAME`: deletes a domain with its credentials and keys; asks first. */
import type { Command } from 'commander';
import { confirm, withYes } from '../../ask/confirm.js';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { domainPath } from './domain-show.js';

export function domainRemove(cli: Cli): Command {
  return withYes(serverCommand(cli, 'remove', 'delete a domain with its credentials and keys'))
    .argument('<name>', 'the domain')
    .action(async (name: string, options: ServerOptions & { yes?: boolean }) => {
      const api = connect(cli, options);
      await confirm(cli, options, `${name} is deleted with its DKIM keys, SMTP logins and sending keys, which cannot be brought back`);
      const answer = await api.remove<{ message: string }>(domainPath(name));
      report(cli, options, answer, () => answer.message);
    });
}
