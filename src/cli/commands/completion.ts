/** `completion SHELL`: the script that completes command lines. Needs no server. */
import { Argument, type Command } from 'commander';
import { type Cli, newCommand, report } from '../cli.js';
import { bashCompletion } from '../reference/bash-completion.js';
import { describeCommand } from '../reference/describe-command.js';

export function completionCommand(cli: Cli): Command {
  return newCommand(cli, 'completion', 'print the script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(['bash']))
    .option('--json', 'print JSON')
    .action((shell: string, options: { json?: boolean }, command: Command) => {
      const program = command.parent;
      if (program === null) throw new Error('completion is not part of a program');
      const script = bashCompletion(describeCommand(program));
      report(cli, options, { shell, script }, () => script.trimEnd());
    });
}
