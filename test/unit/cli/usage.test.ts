import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from './support/run-cli.ts';

const SERVER = ['--api', 'http://127.0.0.1:1', '--key', 'k'];

describe('wrong usage exits 2 and says what is wrong', () => {
  it.each([
    [[], 'Usage: mailwagon'],
    [['domain'], 'Usage: mailwagon domain'],
    [['domian'], "unknown command 'domian'"],
    [['domain', 'add'], "missing required argument 'name'"],
    [['domain', 'list', '--colour'], "unknown option '--colour'"],
    [['domain', 'show', 'a', 'b', ...SERVER], 'too many arguments'],
    [['key', 'create', '--role', 'king'], 'Allowed choices are admin, analyst, developer, support, sending'],
    [['key', 'create', '--offline', '--expires-in', 'soon'], '--expires-in soon: expected a whole number of seconds, from 1'],
    [['key', 'create', '--offline', '--key', 'k'], 'leave --api and --key out'],
    [['key', 'create', '--account', 'x', ...SERVER], '--account goes with --offline'],
    [['credential', 'add', 'alice', ...SERVER], '"alice" names no domain'],
    [['send', '--to', 'a@example.com'], "required option '--from <address>' not specified"],
    [['send', '--from', 'alice', '--to', 'a@example.com', '--text', 'x', ...SERVER], '"alice" has no domain'],
    [['send', '--from', 'a@example.com', '--to', 'b@example.com', ...SERVER], 'a message needs --text or --html'],
    [
      ['send', '--from', 'a@example.com', '--to', 'b@example.com', '--text', '-', '--html', '-', ...SERVER],
      'only one of --text and --html',
    ],
    [
      ['send', '--from', 'a@example.com', '--to', 'b@example.com', '--text', 'x', '--header', 'Reply-To', ...SERVER],
      '"Reply-To" is not a header',
    ],
    [['queue', 'cancel', ...SERVER], 'say which deliveries to cancel'],
    [['queue', 'retry', '5', '--all', ...SERVER], 'say which deliveries to retry'],
    [['queue', 'list', '--limit', 'many', ...SERVER], 'expected a whole number from 1'],
    [['events', 'tail', '--since', 'yesterday', ...SERVER], '--since yesterday: expected 90s, 10m, 2h, 3d or a date'],
    [['bounce', 'explain', 'User unknown'], 'is not a refusal: it has to begin with a code'],
    [['bounce', 'explain', '550 x', '--stage', 'end'], 'Allowed choices are connect, banner'],
    [['shaping', 'check', '450 x'], "required option '--mx <host>' not specified"],
    [['domain', 'list', '--api', 'mail.example.com', '--key', 'k'], '"mail.example.com" is not a URL'],
    [['domain', 'list', '--api', 'https://mail.example.com'], 'is another machine: give its key'],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await runCli(argv);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

describe('help and version exit 0', () => {
  it.each([
    [['--help'], 'events'],
    [['help', 'queue'], 'retry'],
    [['queue', 'list', '--help'], '--destination'],
    [['--version'], '0.'],
  ])('%j', async (argv, expected) => {
    const { code, out, err } = await runCli(argv);
    expect(out).toContain(expected);
    expect(err).toBe('');
    expect(code).toBe(0);
  });
});

it('gives every command --json, and docs/cli.md a place', async () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/cli.md', import.meta.url)), 'utf8');
  const { out } = await runCli(['--help']);
  const nouns = [...out.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1] as string).filter((name) => name !== 'help');
  expect(nouns).toEqual([
    'init',
    'serve',
    'config',
    'doctor',
    'endpoints',
    'domain',
    'credential',
    'key',
    'send',
    'lint',
    'queue',
    'events',
    'bounce',
    'shaping',
    'completion',
  ]);
  for (const noun of nouns) {
    const help = (await runCli([noun, '--help'])).out;
    const verbs = [...help.matchAll(/^ {2}(\w+) ?\[options\]/gm)].map((match) => [noun, match[1] as string]);
    for (const command of verbs.length > 0 ? verbs : [[noun]]) {
      expect((await runCli([...command, '--help'])).out, command.join(' ')).toContain('--json');
      expect(page, command.join(' ')).toMatch(new RegExp(command.length === 1 ? `\\| \`${noun}` : `\`(?:${noun} )?${command[1]}\\b`));
    }
  }
});
