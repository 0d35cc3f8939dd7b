/** Takes a password as an option gave it; `-` reads the first line of standard input, so that no process list shows it. */
import type { Cli } from '../cli.js';

export async function readSecret(cli: Cli, option: string | undefined): Promise<string | undefined> {
  if (option !== '-') return option;
  const [line = ''] = (await cli.terminal.readInput()).split(/\r?\n/, 1);
  return line;
}
