/** What `npm start` shows a newcomer: the key, once, and a command line that sends a message. Written to standard error, apart from the log. */
import { join, relative } from 'node:path';
import type { Config } from '#config';
import { makeApiClient } from '../../ask/api-client.js';
import { adminKey, reachableUrl } from '../../ask/connect.js';
import type { Cli } from '../../cli.js';
import { startFailure } from '../../start-failure.js';
import { isAlreadyInitialised } from './init.js';

/** Initialises the data folder if that was never done. Gives a text for the shell that stands for the key: the key itself the first time, later a command that reads its file. */
export async function initialiseOnce(cli: Cli, config: Config): Promise<string> {
  const { initialise } = await import('#app');
  try {
    const made = await initialise(config);
    cli.terminal.err(
      [
        'Mailwagon is initialised. These are shown once:',
        `  API key        ${made.apiKey}`,
        `  SMTP login     ${made.smtpLogin}`,
        `  SMTP password  ${made.smtpPassword}`,
      ].join('\n'),
    );
    return made.apiKey;
  } catch (error) {
    if (!isAlreadyInitialised(error)) throw startFailure(error, config.dataDir);
    const file = join(config.dataDir, 'admin.key');
    const near = relative(process.cwd(), file);
    return `$(cat "${near.startsWith('..') ? file : near}")`;
  }
}

/** Prints a curl line that sends through the running server, from its sandbox domain if there is one. */
export async function printSendingExample(cli: Cli, config: Config, httpAddresses: readonly string[], spelledKey: string): Promise<void> {
  const address = httpAddresses[0];
  if (address === undefined) return;
  const url = reachableUrl(address);
  const domains = await makeApiClient({ url, key: adminKey(config) }).listAll<{ name: string; type: string }>('/v4/domains');
  const domain = domains.find(({ type }) => type === 'sandbox') ?? domains[0];
  if (domain === undefined) return;
  cli.terminal.err(
    [
      `Mailwagon serves ${url}. Send a message (put your own address after to=):`,
      `  curl --user "api:${spelledKey}" ${url}/v3/${domain.name}/messages \\`,
      `    -F from="Mailwagon <postmaster@${domain.name}>" -F to=you@example.com -F subject=Hello -F text="It works."`,
    ].join('\n'),
  );
}
