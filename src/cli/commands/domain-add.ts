/** `domain add NAME`: makes a domain with its DKIM key and shows the DNS records to publish. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';
import { readSecret } from '../read-secret.js';
import { renderDomain, renderRecords, type WireDomainAnswer } from './domain-show.js';

interface Options extends ServerOptions {
  smtpPassword?: string;
  dkimSelector?: string;
  dkimKeySize?: string;
  requireTls?: boolean;
  skipVerification?: boolean;
}

export function domainAdd(cli: Cli): Command {
  return serverCommand(cli, 'add', 'add a domain to send as')
    .argument('<name>')
    .option('--smtp-password <password>', 'make the login postmaster@NAME with this password; - reads it from standard input')
    .option('--dkim-selector <selector>', 'selector of the DKIM key')
    .option('--dkim-key-size <bits>', '1024, 2048 or 4096')
    .option('--require-tls', 'never send in clear')
    .option('--skip-verification', 'with --require-tls: accept any certificate')
    .action(async (name: string, options: Options) => {
      const answer = await connect(cli, options).post<WireDomainAnswer>('/v4/domains', {
        name,
        smtp_password: await readSecret(cli, options.smtpPassword),
        dkim_selector: options.dkimSelector,
        dkim_key_size: options.dkimKeySize,
        require_tls: options.requireTls,
        skip_verification: options.skipVerification,
      });
      report(cli, options, answer, (paint) => `${renderDomain(paint, answer.domain)}\n\n${renderRecords(paint, answer)}`);
    });
}
