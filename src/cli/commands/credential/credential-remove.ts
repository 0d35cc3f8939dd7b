/** `credential remove LOGIN`: deletes an SMTP login, which stops working at once; asks first. */
import type { Command } from 'commander';
import { confirm, withYes } from '../../ask/confirm.js';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { credentialDomain, credentialsPath } from './credential-add.js';

export function credentialRemove(cli: Cli): Command {
  return withYes(serverCommand(cli, 'remove', 'delete an SMTP login'))
    .argument('<login>', 'alice@example.com, or alice with --domain')
    .option('--domain <domain>', 'domain of a bare login')
    .action(async (login: string, options: ServerOptions & { domain?: string; yes?: boolean }) => {
      const path = `${credentialsPath(credentialDomain(login, options.domain))}/${encodeURIComponent(login)}`;
      const api = connect(cli, options);
      await confirm(cli, options, `The login ${login} stops working at once and its password cannot be brought back`);
      const answer = await api.remove<{ message: string; spec: string }>(path);
      report(cli, options, answer, () => `${answer.message}: ${answer.spec}`);
    });
}
