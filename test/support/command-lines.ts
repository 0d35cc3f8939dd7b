/** Finds the command lines of Mailwagon in pages and help, and says what of one does not exist. */
import type { Command } from 'commander';

/** `mailwagon …` and `bin/mailwagon …` in code, whole lines of blocks and inline pieces; comments, pipes and redirections are cut off. */
export function commandLinesOf(page: string): string[] {
  const blocks = [...page.matchAll(/^ *```(?:sh)?\n([\s\S]*?)^ *```/gm)].flatMap((match) => (match[1] ?? '').split('\n'));
  const inline = [...page.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return [...blocks, ...inline].flatMap((line) => [...line.matchAll(CALL)].map((match) => `mailwagon ${(match[1] ?? '').trim()}`));
}

/** Where a shell takes the word for a command: not the user or the unit of that name, nor a placeholder in capitals behind it. */
const CALL = /(?:^\s*|[|(;&]\s*|-- |sudo (?:-u \S+ )?)(?:bin\/)?mailwagon ([a-z-][^|<>#;()&]*)/g;

/** Words of a command line, quotes taken off. */
export const wordsOf = (line: string): string[] =>
  (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));

/** What is wrong with a command line (words after the program's name), or undefined: every command and option has to exist. */
export function problemOf(program: Command, words: readonly string[]): string | undefined {
  let command = program;
  let rest = [...words];
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest = rest.slice(1);
  }
  const options = command.createHelp().visibleOptions(command);
  const unknown = rest
    .filter((word) => /^-[-a-z]/.test(word))
    .find((word) => !options.some(({ long, short }) => [long, short].includes(word.split('=')[0])));
  if (unknown !== undefined) return `${command.name()} has no option ${unknown}`;
  if (command.commands.length > 0 && rest.some((word) => !word.startsWith('-'))) return `there is no command ${rest.join(' ')}`;
  return undefined;
}
