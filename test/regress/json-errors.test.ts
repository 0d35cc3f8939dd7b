/** `--json` promised JSON, and wrong usage answered with text or a whole help page; a text error did not say where help is. */

import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '#cli';
import { EXAMPLES } from '#cli/examples.js';
import { runMailwagon } from '../support/mailwagon-process.mjs';
import { runCli, testCli } from '../unit/cli/support/run-cli.ts';

/** Nothing listens there. */
const AWAY = ['--api', 'http://127.0.0.1:1', '--key', 'k'];

const leaves = (command: Command, path: string[] = []): string[][] =>
  command.commands.length === 0 ? [path] : command.commands.flatMap((one) => leaves(one, [...path, one.name()]));
const COMMANDS = leaves(makeProgram(testCli({ out: [], err: [] })));
const takesServer = (path: string[]) => EXAMPLES[path.join(' ')] !== undefined && !LOCAL.includes(path[0] ?? '');
const LOCAL = ['init', 'serve', 'config', 'doctor', 'endpoints', 'lint', 'bounce', 'shaping', 'completion'];

/** Without which commander complains of their absence first. */
const NEEDED: Record<string, string[]> = {
  send: ['--from', 'a@example.com', '--to', 'b@example.com'],
  'shaping check': ['--mx', 'mx.example.org'],
};

function errorOf(text: string): { message: string; help?: string } {
  expect(text.split('\n')).toHaveLength(1);
  const error = JSON.parse(text);
  expect(error.message).toMatch(/\S/);
  return error;
}

describe.each(COMMANDS.map((path) => [path.join(' '), path] as const))('%s', (name, path) => {
  it('tells an option that it does not know as JSON, and as text where help is', async () => {
    const needed = NEEDED[name] ?? [];
    const asJson = await runCli([...path, ...needed, '--nonsense', '--json']);
    expect(asJson).toMatchObject({ code: 2, out: '' });
    expect(errorOf(asJson.err)).toEqual({
      message: expect.stringContaining("unknown option '--nonsense'"),
      help: `mailwagon ${name} --help`,
    });
    const asText = await runCli([...path, ...needed, '--nonsense']);
    expect(asText).toMatchObject({ code: 2, out: '' });
    expect(asText.err).toMatch(new RegExp(`unknown option '--nonsense'[\\s\\S]*\\nSee "mailwagon ${name} --help"\\.$`));
  });

  it('has an example in its help', async () => {
    const { code, out } = await runCli([...path, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Examples:\n  $ mailwagon ${name}`);
  });

  it.runIf(takesServer(path))('tells a server that is away as JSON', async () => {
    const [example = ''] = EXAMPLES[name] ?? [];
    const words = example.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
    const yes = ['domain remove', 'credential remove', 'key remove'].includes(name) ? ['--yes'] : [];
    const { code, out, err } = await runCli([...words.slice(1), ...yes, '--json', ...AWAY]);
    expect([code, out]).toEqual([1, '']);
    expect(errorOf(err).message).toContain('No Mailwagon server answers at http://127.0.0.1:1');
  });
});

it.each([
  [['--json'], /^a command is missing; expected one of init, serve, /, 'mailwagon --help'],
  [['domain', '--json'], /^a command is missing; expected one of add, list, /, 'mailwagon domain --help'],
  [['queue', 'lits', '--json'], /^unknown command 'lits'/, 'mailwagon queue --help'],
  [['help', 'domian', '--json'], /^there is no command "domian"; expected one of init, /, 'mailwagon --help'],
  [['domain', 'show', '--json'], /^missing required argument 'name'$/, 'mailwagon domain show --help'],
  [['queue', 'cancel', '--json', ...AWAY], /^say which deliveries to cancel/, 'mailwagon queue cancel --help'],
  [['events', 'tail', '--since', 'then', '--json', ...AWAY], /^--since then: expected/, 'mailwagon events tail --help'],
])('%j', async (argv, message, help) => {
  const { code, err, out } = await runCli(argv);
  expect([code, out]).toEqual([2, '']);
  expect(errorOf(err)).toEqual({ message: expect.stringMatching(message), help });
});

it('a configuration that cannot be used is JSON with its problems', async () => {
  const { code, stdout, stderr } = await runMailwagon(['serve', '--config', '/nowhere/mailwagon.yaml', '--json']);
  expect([code, stdout]).toEqual([1, '']);
  expect(JSON.parse(stderr)).toEqual({ message: expect.any(String), problems: [expect.objectContaining({ message: expect.any(String) })] });
});
