/** `key create`: makes an API key and shows its secret once. `--offline` makes it in the data folder itself, for an operator who has no valid key any more. */
import { type Command, Option } from 'commander';
import { loadConfig } from '#config';
import { Refusal } from '#core';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { type Cli, report, serverCommand } from '../../cli.js';
import { CommandFailed, WrongUsage } from '../../command-errors.js';
import { renderFields } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import { startFailure } from '../../start-failure.js';

export interface WireKey {
  id: string;
  role: string;
  kind: string;
  description: string;
  domain_name?: string | null;
  created_at?: string;
  expires_at?: string;
}

const ROLES = ['admin', 'analyst', 'developer', 'support', 'sending'] as const;

interface Options extends ServerOptions {
  role?: (typeof ROLES)[number];
  domain?: string;
  description?: string;
  expiresIn?: string;
  offline?: boolean;
  account?: string;
}

interface Made {
  message: string;
  key: WireKey & { secret: string };
  /** The file that holds the key now, for the command line. */
  admin_key_file?: string;
}

export function keyCreate(cli: Cli): Command {
  return serverCommand(cli, 'create', 'make an API key and show its secret once')
    .addOption(new Option('--role <role>', 'what the key may do (default: sending with --domain, else admin)').choices(ROLES))
    .option('--domain <domain>', 'bind the key to this domain')
    .option('--description <text>', 'what the key is for')
    .option('--expires-in <seconds>', 'seconds until the key stops working')
    .option('--offline', 'work on the data folder of a stopped server: the way back in when no admin key is left')
    .option('--account <id>', "with --offline: for this account (default: the operator's)")
    .action(async (options: Options) => {
      if (options.account !== undefined && !options.offline)
        throw new WrongUsage('--account goes with --offline: a key is made for its own account');
      if (options.expiresIn !== undefined && !/^[1-9]\d{0,9}$/.test(options.expiresIn))
        throw new WrongUsage(`--expires-in ${options.expiresIn}: expected a whole number of seconds, from 1`);
      const made = await (options.offline ? createInFolder(cli, options) : createOnServer(cli, options));
      report(cli, options, made, (paint) => {
        const { key } = made;
        const fields = renderFields(paint, [
          ['id', key.id],
          ['role', key.role],
          ['domain', key.domain_name ?? undefined],
          ['description', key.description],
          ['expires', timeText(key.expires_at)],
          ['secret', key.secret],
        ]);
        const kept = made.admin_key_file === undefined ? '' : ` It is kept in ${made.admin_key_file} too, for the command line.`;
        return `${fields}\n${paint.dim(`The secret is not shown again.${kept}`)}`;
      });
    });
}

const roleOf = ({ role, domain }: Options) => role ?? (domain === undefined ? 'admin' : 'sending');

function createOnServer(cli: Cli, options: Options): Promise<Made> {
  const { domain, description, expiresIn } = options;
  return connect(cli, options).post<Made>('/v1/keys', {
    role: roleOf(options),
    kind: domain === undefined ? undefined : 'domain',
    domain_name: domain,
    description,
    expiration: expiresIn,
  });
}

async function createInFolder(cli: Cli, options: Options): Promise<Made> {
  if (options.api !== undefined || options.key !== undefined)
    throw new WrongUsage('--offline works on the data folder of this machine: leave --api and --key out');
  const { domain, description, expiresIn } = options;
  const { config } = loadConfig({ file: options.config, env: cli.environment });
  // Loaded here, because no other command needs the whole server.
  const [{ createKeyOffline }, { presentKey }] = await Promise.all([import('#app'), import('#api')]);
  try {
    const { key, secret, replaced } = await createKeyOffline(config, options.account, {
      role: roleOf(options),
      kind: domain === undefined ? undefined : 'domain',
      description,
      domainName: domain,
      expiresIn: expiresIn === undefined ? undefined : Number(expiresIn),
    });
    const shown = { ...presentKey(key), secret };
    return { message: 'great success', key: shown, ...(replaced === undefined ? {} : { admin_key_file: replaced }) };
  } catch (error) {
    if (error instanceof Refusal) throw new CommandFailed(error.publicText);
    throw startFailure(error);
  }
}
