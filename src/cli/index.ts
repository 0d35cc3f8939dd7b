/**
 * The command line (`program.ts` lists every command). `main` takes the arguments after the program's name and gives the exit code
 * (0 done, 1 refused or failed, 2 wrong usage); it never throws, results go to standard output and everything else to standard error.
 */
import { packageVersion } from '#config';
import { type Cli, processCli } from './cli.js';
import { makeProgram } from './commands/program.js';
import { describeCommand } from './reference/describe-command.js';
import { type ManPage, manPages } from './reference/man-pages.js';
import { runProgram } from './run-program.js';

export type { Cli } from './cli.js';
export { makeProgram } from './commands/program.js';
export { runProgram } from './run-program.js';

export const main = (argv: readonly string[], cli: Cli = processCli()): Promise<number> => runProgram(cli, makeProgram(cli), argv);

/** The manual pages of this version, for the build. */
export const programManPages = (): ManPage[] => manPages(describeCommand(makeProgram(processCli())), packageVersion());
