/** Runs one command line and turns every way it can end into an exit code: 0 done, 1 refused or failed, 2 wrong usage. */
import { type Command, CommanderError } from 'commander';
import { ConfigError } from '#config';
import { Refusal } from '#core';
import type { Cli } from './cli.js';
import { CommandFailed, WrongUsage } from './command-errors.js';
import { whyNotLoaded } from './installation.js';

/** Never throws; the error that a command throws decides the exit code. With `--json` any error is one JSON object on standard error. */
export async function runProgram(cli: Cli, program: Command, argv: readonly string[]): Promise<0 | 1 | 2> {
  const isJson = argv.includes('--json');
  if (isJson) silence(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const isUsage = error instanceof CommanderError || error instanceof WrongUsage;
    const found = findCommand(program, argv);
    const help = isUsage ? `${found.path.join(' ')} --help` : undefined;
    const text = error instanceof CommanderError ? usageText(error, found) : textOf(error);
    if (isJson)
      cli.terminal.err(JSON.stringify({ message: text, problems: error instanceof ConfigError ? error.problems : undefined, help }));
    else if (text !== '') cli.terminal.err(help === undefined ? text : `${text}\nSee "${help}".`);
    return isUsage ? 2 : 1;
  }
}

/** Keeps commander from writing help to standard error, where `--json` wants JSON. */
function silence(command: Command): void {
  command.configureOutput({ writeErr: () => undefined });
  command.commands.forEach(silence);
}

/** Commander's text for a wrong use of one command. For a group it says that a command is missing. */
function usageText(error: CommanderError, { command, rest }: FoundCommand): string {
  if (command.commands.length === 0) return error.message.replace(/^error: /, '');
  const [first, second] = rest;
  const names = command.commands.map((one) => one.name()).join(', ');
  if (first === 'help' && second !== undefined) return `there is no command "${second}"; expected one of ${names}`;
  // `--json` belongs to the commands of a group.
  if (first === undefined || first === '--json') return `a command is missing; expected one of ${names}`;
  return error.message.replace(/^error: /, '');
}

function textOf(error: unknown): string {
  if (error instanceof CommandFailed || error instanceof WrongUsage || error instanceof ConfigError) return error.message;
  if (error instanceof Refusal) return error.publicText;
  // Anything else is a bug or a failing machine. To mend it one needs the stack.
  return whyNotLoaded(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** The command that a command line names, for errors about the line as a whole. */
interface FoundCommand {
  command: Command;
  /** `['mailwagon', 'queue', 'list']`. */
  path: string[];
  /** The words that are no names of commands. */
  rest: string[];
}

/** Finds the command with the longest name that the words begin with; the program itself if there is none. */
function findCommand(program: Command, words: readonly string[]): FoundCommand {
  const next = program.commands.find((command) => command.name() === words[0]);
  if (next === undefined) return { command: program, path: [program.name()], rest: [...words] };
  const found = findCommand(next, words.slice(1));
  return { ...found, path: [program.name(), ...found.path] };
}
