/** Describes the command line as data, read from the program itself. Completions and manual pages are made from it, so they always agree with the program. */
import type { Command } from 'commander';
import { EXAMPLES } from '../examples.js';

export interface OptionFacts {
  /** `-c, --config <file>`. */
  flags: string;
  /** `['-c', '--config']`. */
  names: string[];
  description: string;
  /** `file` of `--config <file>`; undefined for a switch. */
  value: string | undefined;
  choices: readonly string[];
  /** As text; empty when there is none. */
  byDefault: string;
}

export interface ArgumentFacts {
  /** `<name>`, `[id...]`. */
  usage: string;
  name: string;
  description: string;
  choices: readonly string[];
}

export interface CommandFacts {
  /** `['mailwagon', 'queue', 'list']`. */
  path: string[];
  description: string;
  options: OptionFacts[];
  arguments: ArgumentFacts[];
  /** Command lines. */
  examples: readonly string[];
  commands: CommandFacts[];
}

export function describeCommand(command: Command, above: readonly string[] = []): CommandFacts {
  const path = [...above, command.name()];
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      value: /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]/.exec(option.flags)?.[1],
      choices: option.argChoices ?? [],
      byDefault: typeof option.defaultValue === 'string' ? option.defaultValue : '',
    })),
    arguments: command.registeredArguments.map((argument) => ({
      usage: argument.required ? `<${argument.name()}>` : `[${argument.name()}${argument.variadic ? '...' : ''}]`,
      name: argument.name(),
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    examples: EXAMPLES[path.slice(1).join(' ')] ?? [],
    commands: command.commands.map((one) => describeCommand(one, path)),
  };
}

/** Describes a command with all commands below it. */
export const withDescendants = (facts: CommandFacts): CommandFacts[] => [facts, ...facts.commands.flatMap(withDescendants)];
