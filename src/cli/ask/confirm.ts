/** Asks before a command does something that cannot be undone. */
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { CommandFailed, WrongUsage } from '../command-errors.js';

/** Adds `--yes` to a command that calls `confirm`. */
export const withYes = (command: Command): Command =>
  command.option('-y, --yes', 'do not ask (needed where nobody can be asked: scripts, pipes)');

/**
 * `what`: what is about to happen, as a sentence without its end. Returns if the answer is yes, or `--yes` was given. Throws CommandFailed for any other
 * answer, and WrongUsage if there is no terminal to ask on.
 */
export async function confirm({ terminal }: Cli, { yes }: { yes?: boolean }, what: string): Promise<void> {
  if (yes) return;
  if (!terminal.isInteractive) throw new WrongUsage(`${what}. There is no terminal to ask on: add --yes if that is meant`);
  const answer = await terminal.ask(`${what}. Go on? [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandFailed('Nothing was changed.');
}
