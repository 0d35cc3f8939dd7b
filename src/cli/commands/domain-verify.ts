/** `domain verify NAME`: looks the DNS records up now; exits 1 while the domain is not active. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { CommandFailed } from '../command-errors.js';
import { connect, type ServerOptions } from '../connect.js';
import { domainPath, renderRecords, type WireDomainAnswer } from './domain-show.js';

export function domainVerify(cli: Cli): Command {
  return serverCommand(cli, 'verify', 'look the DNS records up now; exits 1 while the domain is not active')
    .argument('<name>')
    .action(async (name: string, options: ServerOptions) => {
      const answer = await connect(cli, options).put<WireDomainAnswer>(`${domainPath(name)}/verify`);
      report(cli, options, answer, (paint) => renderRecords(paint, answer));
      if (answer.domain.state !== 'active')
        throw new CommandFailed(`${answer.domain.name} is ${answer.domain.state}: publish the records above and try again`);
    });
}
