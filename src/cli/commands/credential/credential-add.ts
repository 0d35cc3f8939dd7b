/** `credential add LOGIN`: makes an SMTP login; without a password the server makes one, shown once. */
import type { Command } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { readSecret } from '../../ask/read-secret.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { WrongUsage } from '../../command-errors.js';
import { renderFields } from '../../render/table.js';

interface Options extends ServerOptions {
  password?: string;
  domain?: string;
}

export function credentialAdd(cli: Cli): Command {
  return serverCommand(cli, 'add', 'make an SMTP login')
    .argument('<login>', 'alice@example.com, or alice with --domain')
    .option('--password <password>', '5 to 32 characters; - reads it from standard input (made and shown once when absent)')
    .option('--domain <domain>', 'domain of a bare login')
    .action(async (login: string, options: Options) => {
      const password = await readSecret(cli, options.password);
      const path = credentialsPath(credentialDomain(login, options.domain));
      const answer = await connect(cli, options).post<{ message: string; credentials?: Record<string, string> }>(path, { login, password });
      report(cli, options, answer, (paint) => {
        const made = Object.entries(answer.credentials ?? {});
        if (made.length === 0) return answer.message;
        return `${made
          .map(([name, secret]) =>
            renderFields(paint, [
              ['login', name],
              ['password', secret],
            ]),
          )
          .join('\n')}\n${paint.dim('The password is not shown again.')}`;
      });
    });
}

export const credentialsPath = (domain: string) => `/v3/domains/${encodeURIComponent(domain)}/credentials`;

/** The domain of a login. Throws WrongUsage when neither the login nor the option names one. */
export function credentialDomain(login: string, domain: string | undefined): string {
  const named = domain ?? (login.includes('@') ? login.slice(login.lastIndexOf('@') + 1) : '');
  if (named === '') throw new WrongUsage(`"${login}" names no domain: write it as ${login}@example.com or add --domain`);
  return named;
}
