/** `init`: the first account with its key and sandbox domain, printed once. A second run changes nothing and exits 1. */
import type { Command } from 'commander';
import { loadConfig } from '#config';
import { type Cli, localCommand, report } from '../../cli.js';
import { CommandFailed } from '../../command-errors.js';
import { renderFields } from '../../render/table.js';
import { startFailure } from '../../start-failure.js';

export function initCommand(cli: Cli): Command {
  return localCommand(cli, 'init', 'make the data folder, the first account and its API key').action(
    async (options: { config?: string; json?: boolean }) => {
      const { config } = loadConfig({ file: options.config, env: cli.environment });
      const { initialise } = await import('#app');
      try {
        const made = await initialise(config);
        report(cli, options, made, (paint) => {
          const fields = renderFields(paint, [
            ['API key', made.apiKey],
            ['webhook signing key', made.signingKey],
            ['sandbox domain', made.sandboxDomain],
            ['SMTP login', made.smtpLogin],
            ['SMTP password', made.smtpPassword],
          ]);
          return `${fields}\n${paint.dim(`The API key is kept in ${config.dataDir}/admin.key; the password is not shown again.`)}`;
        });
      } catch (error) {
        if (!isAlreadyInitialised(error)) throw startFailure(error, config.dataDir);
        throw new CommandFailed(`${config.dataDir} is initialised already; nothing was changed`);
      }
    },
  );
}

export const isAlreadyInitialised = (error: unknown): boolean => error instanceof Error && error.name === 'AlreadyInitialised';
