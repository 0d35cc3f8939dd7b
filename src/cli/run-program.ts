/** Runs one command line and turns every way it can end into an exit code: 0 done, 1 refused or failed, 2 wrong usage. */
import { type Command, CommanderError } from 'commander';
import { ConfigError } from '#config';
import { Refusal } from '#core';
import type { Cli } from './cli.js';
import { CommandFailed, WrongUsage } from './command-errors.js';

/** Never throws: a command says how it ends by what it throws. */
export async function runProgram(cli: Cli, program: Command, argv: readonly string[]): Promise<0 | 1 | 2> {
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has written its own text already: help, a version or what is wrong with the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (argv.includes('--json')) cli.terminal.err(JSON.stringify(errorBody(error)));
    else if (textOf(error) !== '') cli.terminal.err(textOf(error));
    return error instanceof WrongUsage ? 2 : 1;
  }
}

function errorBody(error: unknown): object {
  return error instanceof ConfigError ? { message: error.message, problems: error.problems } : { message: textOf(error) };
}

function textOf(error: unknown): string {
  if (error instanceof CommandFailed || error instanceof WrongUsage || error instanceof ConfigError) return error.message;
  if (error instanceof Refusal) return error.publicText;
  // Anything else is a bug or a failing machine: whoever mends it needs the place.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
