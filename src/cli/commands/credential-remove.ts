/** `credential remove LOGIN`: deletes an SMTP login. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';
import { credentialDomain, credentialsPath } from './credential-add.js';

export function credentialRemove(cli: Cli): Command {
  return serverCommand(cli, 'remove', 'delete an SMTP login')
    .argument('<login>', 'alice@example.com, or alice with --domain')
    .option('--domain <domain>', 'domain of a bare login')
    .action(async (login: string, options: ServerOptions & { domain?: string }) => {
      const path = `${credentialsPath(credentialDomain(login, options.domain))}/${encodeURIComponent(login)}`;
      const answer = await connect(cli, options).remove<{ message: string; spec: string }>(path);
      report(cli, options, answer, () => `${answer.message}: ${answer.spec}`);
    });
}
