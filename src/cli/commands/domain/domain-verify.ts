/** `domain verify NAME`: looks the DNS records up now and shows what is there beside what is expected; exits 1 while the domain is not active. */
import type { Command } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { CommandFailed } from '../../command-errors.js';
import { renderRecords } from '../../render/render-records.js';
import { domainPath, type WireDomainAnswer } from './domain-show.js';

export function domainVerify(cli: Cli): Command {
  return serverCommand(cli, 'verify', 'look the DNS records up now; exits 1 while the domain is not active')
    .argument('<name>', 'the domain')
    .action(async (name: string, options: ServerOptions) => {
      const answer = await connect(cli, options).put<WireDomainAnswer>(`${domainPath(name)}/verify`);
      report(cli, options, answer, (paint) => renderRecords(paint, answer));
      if (answer.domain.state !== 'active') throw new CommandFailed(whyNot(answer));
    });
}

/** Why the domain is not active. A record that could not be looked up says nothing about the domain. */
function whyNot({ domain, sending_dns_records: records }: WireDomainAnswer): string {
  if (domain.state === 'disabled') return `${domain.name} is disabled`;
  const errors = records.flatMap(({ lookup_error: error }) => error ?? []);
  if (errors.length > 0)
    return `${domain.name} is ${domain.state}, and whether its records are there is not known: the server's resolver gave no answer (${errors[0]}).\nSee "mailwagon doctor" on the server, and dns.servers in its configuration.`;
  const missing = records.filter(({ record_type: type, valid }) => type === 'TXT' && valid !== 'valid').map(({ name }) => name);
  return `${domain.name} is ${domain.state}: publish the TXT records of ${missing.join(' and ')} as shown above, and try again once DNS has them`;
}
