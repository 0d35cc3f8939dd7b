/** Asks before what cannot be undone: the one way in which commands do. */
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { CommandFailed, WrongUsage } from '../command-errors.js';

/** Adds `--yes` to a command that calls `confirm`. */
export const withYes = (command: Command): Command =>
  command.option('-y, --yes', 'do not ask (needed where nobody can be asked: scripts, pipes)');

/**
 * `what`: what is about to happen, as a sentence without its end. Returns when it may; throws CommandFailed when the answer is not yes, and WrongUsage when
 * there is no terminal to ask on and no `--yes`.
 */
export async function confirm({ terminal }: Cli, { yes }: { yes?: boolean }, what: string): Promise<void> {
  if (yes) return;
  if (!terminal.isInteractive) throw new WrongUsage(`${what}. There is no terminal to ask on: add --yes if that is meant`);
  const answer = await terminal.ask(`${what}. Go on? [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandFailed('Nothing was changed.');
}
