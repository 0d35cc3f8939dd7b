/** Finds the server and the key for a command: options first, then the environment, then the configuration and `dataDir/admin.key`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, listenerText, loadConfig } from '#config';
import { ownerOf } from '../access-advice.js';
import type { Cli } from '../cli.js';
import { CommandFailed, WrongUsage } from '../command-errors.js';
import { type ApiClient, makeApiClient } from './api-client.js';

export interface ServerOptions {
  config?: string;
  api?: string;
  key?: string;
  json?: boolean;
}

/** Throws WrongUsage for a bad URL, CommandFailed if there is no key, and ConfigError. Does not connect yet. `interrupted` ends a call that waits. */
export function connect(cli: Cli, options: ServerOptions, interrupted?: AbortSignal): ApiClient {
  const { environment } = cli;
  const named = options.api ?? environment.apiUrl;
  const given = options.key ?? environment.apiKey;
  if (named !== undefined && given !== undefined) return makeApiClient({ url: baseUrl(named), key: given, interrupted });
  const { config } = loadConfig({ file: options.config, env: environment });
  const url = named === undefined ? localUrl(config) : baseUrl(named);
  if (given === undefined && !isThisMachine(url))
    throw new WrongUsage(`${url} is another machine: give its key with --key or MAILWAGON_API_KEY`);
  return makeApiClient({ url, key: given ?? adminKey(config), interrupted });
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new WrongUsage(`"${text}" is not a URL such as http://127.0.0.1:8080`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Where the server of this configuration listens, seen from this machine. */
export function localUrl(config: Config): string {
  const listener = config.listen.http[0];
  if (listener === undefined)
    throw new CommandFailed('The configuration has no HTTP listener (listen.http is empty), so commands cannot reach the server');
  if (listener.port === 0)
    throw new CommandFailed('The HTTP port is chosen when the server starts (listen.http has port 0): name it with --api URL');
  return reachableUrl(listenerText(listener));
}

/** The URL for a listener; a listener on every address of the machine is reached over loopback. */
export const reachableUrl = (address: string) => `http://${address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')}`;

/** True for this machine, the only one that the local administrator's key is sent to. */
const isThisMachine = (url: string) => /^https?:\/\/(?:127\.[\d.]+|localhost|\[::1\])(?::|\/|$)/.test(url);

/** Reads the administrator's key. If it cannot be read, throws CommandFailed, which says what to do. */
export function adminKey(config: Config): string {
  const file = join(config.dataDir, 'admin.key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      throw new CommandFailed(
        `There is no key at ${file}. Run "mailwagon init" first, point --config at the server's configuration, or give --key.`,
      );
    }
    const owner = ownerOf(file) ?? 'the user of the server';
    throw new CommandFailed(`Cannot read the key at ${file} (${code}). Run the command as ${owner} or root, or give --key.`);
  }
}
