/** Finds the command that a command line names, for what is said about the line as a whole. */
import type { Command } from 'commander';

export interface FoundCommand {
  command: Command;
  /** `['mailwagon', 'queue', 'list']`. */
  path: string[];
  /** What of the words was no name of a command. */
  rest: string[];
}

/** The longest that the words begin with; the program itself when they begin with none. */
export function findCommand(program: Command, words: readonly string[]): FoundCommand {
  const next = program.commands.find((command) => command.name() === words[0]);
  if (next === undefined) return { command: program, path: [program.name()], rest: [...words] };
  const found = findCommand(next, words.slice(1));
  return { ...found, path: [program.name(), ...found.path] };
}
