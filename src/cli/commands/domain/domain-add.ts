/** `domain add NAME`: makes a domain with its DKIM key and shows the DNS records to publish. */
import { type Command, Option } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { readSecret } from '../../ask/read-secret.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { renderRecords } from '../../render/render-records.js';
import { renderDomain, type WireDomainAnswer } from './domain-show.js';

interface Options extends ServerOptions {
  smtpPassword?: string;
  dkimSelector?: string;
  dkimKeySize?: string;
  requireTls?: boolean;
  skipVerification?: boolean;
}

export function domainAdd(cli: Cli): Command {
  return serverCommand(cli, 'add', 'add a domain to send as')
    .argument('<name>', 'the domain')
    .option('--smtp-password <password>', 'make the login postmaster@NAME with this password; - reads it from standard input')
    .option('--dkim-selector <selector>', 'selector of the DKIM key')
    .addOption(new Option('--dkim-key-size <bits>', 'size of the DKIM key').choices(['1024', '2048', '4096']))
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
      // The API always names this login, but it is made only if a password is given.
      const logins = options.smtpPassword === undefined ? [] : [answer.domain.smtp_login];
      const told = { ...answer, domain: { ...answer.domain, smtp_login: logins[0] } };
      report(cli, options, told, (paint) => `${renderDomain(paint, answer.domain, logins)}\n\n${renderRecords(paint, answer)}`);
    });
}
