/** Every command line of docs, README and help is held against the program. Reported: pages showed commands that do not exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '#cli';
import { EXAMPLES } from '#cli/examples.js';
import { commandLinesOf, problemOf, wordsOf } from '../support/command-lines.ts';
import { testCli } from '../unit/cli/support/run-cli.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const program = makeProgram(testCli({ out: [], err: [] }));
const pages = [
  'README.md',
  'config/mailwagon.example.yaml',
  ...readdirSync(join(project, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const problems = (lines: readonly string[]) =>
  lines.flatMap((line) => {
    const problem = problemOf(program, wordsOf(line).slice(1));
    return problem === undefined ? [] : [`${line}: ${problem}`];
  });

it.each(pages)('%s shows commands that exist', (page) => {
  expect(problems(commandLinesOf(readFileSync(join(project, page), 'utf8')))).toEqual([]);
});

it('the pages for people in trouble and on the move show many', () => {
  for (const [page, least] of [
    ['docs/troubleshooting.md', 25],
    ['docs/migrate-from-mailgun.md', 8],
    ['docs/cli.md', 8],
  ] as const)
    expect(commandLinesOf(readFileSync(join(project, page), 'utf8')).length, page).toBeGreaterThanOrEqual(least);
});

describe('examples of help', () => {
  it('exist, for commands that exist', () => {
    for (const [name, lines] of Object.entries(EXAMPLES)) {
      expect(problems(lines.map((line) => line.replace(/ [<>].*/, '')))).toEqual([]);
      for (const line of lines) expect(line.startsWith(`mailwagon ${name}`), line).toBe(true);
    }
  });
});

it('finds what does not exist', () => {
  const page =
    'Run `mailwagon queue lits`, or\n\n```sh\nsource <(mailwagon completion bash)\nfoo | bin/mailwagon queue list --nowhere x # and\n```\n';
  expect(commandLinesOf(page)).toEqual(['mailwagon completion bash', 'mailwagon queue list --nowhere x', 'mailwagon queue lits']);
  expect(problems(commandLinesOf(page))).toEqual([
    'mailwagon queue list --nowhere x: list has no option --nowhere',
    'mailwagon queue lits: there is no command lits',
  ]);
});
