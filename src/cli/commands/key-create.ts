/** `key create`: makes an API key and shows its secret once. */
import { type Command, Option } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';
import { renderFields } from '../table.js';

export interface WireKey {
  id: string;
  role: string;
  kind: string;
  description: string;
  domain_name?: string | null;
  created_at?: string;
  expires_at?: string;
}

interface Options extends ServerOptions {
  role?: string;
  domain?: string;
  description?: string;
  expiresIn?: string;
}

export function keyCreate(cli: Cli): Command {
  return serverCommand(cli, 'create', 'make an API key and show its secret once')
    .addOption(
      new Option('--role <role>', 'what the key may do (default: sending with --domain, else admin)').choices([
        'admin',
        'analyst',
        'developer',
        'support',
        'sending',
      ]),
    )
    .option('--domain <domain>', 'bind the key to this domain')
    .option('--description <text>', 'what the key is for')
    .option('--expires-in <seconds>', 'seconds until the key stops working')
    .action(async (options: Options) => {
      const { domain, description, expiresIn } = options;
      const answer = await connect(cli, options).post<{ message: string; key: WireKey & { secret: string } }>('/v1/keys', {
        role: options.role ?? (domain === undefined ? 'admin' : 'sending'),
        kind: domain === undefined ? undefined : 'domain',
        domain_name: domain,
        description,
        expiration: expiresIn,
      });
      report(cli, options, answer, (paint) => {
        const { key } = answer;
        const fields = renderFields(paint, [
          ['id', key.id],
          ['role', key.role],
          ['domain', key.domain_name ?? undefined],
          ['description', key.description],
          ['expires', key.expires_at],
          ['secret', key.secret],
        ]);
        return `${fields}\n${paint.dim('The secret is not shown again.')}`;
      });
    });
}
