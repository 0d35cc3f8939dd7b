/** What all commands have in common: the outside world in one object, and shared options. */
import { Command } from 'commander';
import { type Environment, readEnvironment } from '#config';
import { type Clock, systemClock } from '#core';
import { EXAMPLES } from './examples.js';
import { makePaint, type Paint, processTerminal, type Terminal } from './terminal.js';

export interface Cli {
  terminal: Terminal;
  environment: Environment;
  clock: Clock;
  /** After the first call, Ctrl-C and SIGTERM abort this signal instead of ending the process. */
  interruption: () => AbortSignal;
}

/** The outside world of a process of its own. */
export function processCli(): Cli {
  const environment = readEnvironment();
  return { environment, terminal: processTerminal(environment.noColor), clock: systemClock, interruption };
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** A command that throws instead of ending the process, and writes to the terminal of `cli`. */
export function newCommand(cli: Cli, name: string, description: string): Command {
  const line = (write: (text: string) => void) => (text: string) => write(text.replace(/\n$/, ''));
  return (
    new Command(name)
      .description(description)
      .addHelpText('after', ({ command }) => examplesText(command))
      .exitOverride()
      // run-program.ts writes errors of the command line, as text or as JSON.
      .configureOutput({ writeOut: line(cli.terminal.out), writeErr: line(cli.terminal.err), outputError: () => undefined })
  );
}

/** Examples are found by the words of the command after the program's own name. */
function examplesText(command: Command): string {
  const words: string[] = [];
  for (let one: Command | null = command; one?.parent; one = one.parent) words.unshift(one.name());
  const lines = EXAMPLES[words.join(' ')] ?? [];
  return lines.length === 0 ? '' : `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** What a file in `commands/` exports: makes its command. */
export type Verb = (cli: Cli) => Command;

/** A noun with its verbs: `domain add|list|…`. */
export function newGroup(cli: Cli, name: string, description: string, verbs: readonly Verb[]): Command {
  const group = newCommand(cli, name, description);
  for (const verb of verbs) group.addCommand(verb(cli));
  return group;
}

/** A command that reads the configuration of this machine. */
export function localCommand(cli: Cli, name: string, description: string): Command {
  return newCommand(cli, name, description).option('-c, --config <file>', 'configuration file').option('--json', 'print JSON');
}

/** A command that talks to a running server. */
export function serverCommand(cli: Cli, name: string, description: string): Command {
  return localCommand(cli, name, description)
    .option('--api <url>', 'server to talk to (MAILWAGON_API_URL)')
    .option('--key <key>', 'API key (MAILWAGON_API_KEY; on the server itself, dataDir/admin.key)');
}

/** A command about an account's mail. With the operator's key it may name another account. */
export const accountCommand = (cli: Cli, name: string, description: string): Command =>
  serverCommand(cli, name, description).option('--account <id>', 'of this account, or "all" (with a key of the operator\'s account)');

/** Prints `value` as JSON if `--json` was given, otherwise the text that `render` makes of it. */
export function report(cli: Cli, options: { json?: boolean }, value: unknown, render: (paint: Paint) => string): void {
  cli.terminal.out(options.json ? JSON.stringify(value, null, 2) : render(makePaint(cli.terminal.colour)));
}

/** Collects an option that may be given several times. */
export const repeated = (value: string, before: string[] = []): string[] => [...before, value];
