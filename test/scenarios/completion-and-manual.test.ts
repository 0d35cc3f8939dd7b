/** What a shell completes and a manual page says is made of the commands, and stays in step with them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram, programManPages } from '#cli';
import { runCli, testCli } from '../unit/cli/support/run-cli.ts';

const program = makeProgram(testCli({ out: [], err: [] }));
const everyCommand = (command: Command, path: string[] = []): { command: Command; path: string[] }[] => [
  { command, path },
  ...command.commands.flatMap((one) => everyCommand(one, [...path, one.name()])),
];
const COMMANDS = everyCommand(program);
/** Long names, those that commander adds included. */
const optionsOf = (command: Command) =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short }) => long ?? short ?? '');

/** What bash offers behind each of these command lines, in one bash. */
function complete(script: string, lines: string[][]): string[][] {
  const asks = lines.map((words) => {
    const all = ['mailwagon', ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _mailwagon; echo "\${COMPREPLY[*]}"`;
  });
  const out = execFileSync('bash', ['--norc', '-c', `set -u\n${script}\n${asks.join('\n')}`], { encoding: 'utf8' });
  return out
    .split('\n')
    .slice(0, lines.length)
    .map((line) => line.split(' ').filter(Boolean));
}

describe('completion bash', () => {
  it('offers the commands, options and choices of every command, and nothing else', async () => {
    const { out } = await runCli(['completion', 'bash']);
    const offered = complete(
      out,
      COMMANDS.map(({ path }) => [...path, '']),
    );
    for (const [index, { command, path }] of COMMANDS.entries()) {
      const short = command
        .createHelp()
        .visibleOptions(command)
        .flatMap((option) => option.short ?? []);
      const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
      const expected = [...command.commands.map((one) => one.name()), ...choices, ...optionsOf(command), ...short];
      // Where a file is wanted, files are offered instead.
      if (command.registeredArguments.some((argument) => argument.name() === 'file')) continue;
      expect(offered[index]?.sort(), path.join(' ')).toEqual([...new Set(expected)].sort());
    }
  });

  it('completes what was begun, values where they are known, and nothing where they are not', async () => {
    const { out } = await runCli(['completion', 'bash']);
    const lines = [
      ['que'],
      ['queue', 're'],
      ['queue', 'retry', '--des'],
      ['key', 'create', '--role', 'a'],
      ['domain', 'list', '--state', ''],
      ['queue', 'list', '--domain', ''],
      // A value that is called like a command is none.
      ['queue', 'show', 'list', '--acc'],
      ['events', 'tail', '--api', 'http://x', '--since', ''],
    ];
    expect(complete(out, lines)).toEqual([
      ['queue'],
      ['retry', 'release'],
      ['--destination'],
      ['admin', 'analyst'],
      ['active', 'unverified', 'disabled'],
      [],
      ['--account'],
      [],
    ]);
  });

  it('knows no other shell', async () => {
    const { code, err } = await runCli(['completion', 'fish']);
    expect([code, err]).toEqual([2, expect.stringContaining('Allowed choices are bash')]);
  });
});

describe('manual pages', () => {
  const folder = fileURLToPath(new URL('../../dist/man/', import.meta.url));

  it('are those that were built, one for the program and each of its commands', () => {
    const pages = programManPages();
    expect(pages.map(({ file }) => file).sort()).toEqual(
      ['mailwagon.1', ...program.commands.map((one) => `mailwagon-${one.name()}.1`)].sort(),
    );
    expect(readdirSync(folder).sort()).toEqual(pages.map(({ file }) => file).sort());
    // npm installs those that the package names.
    const { man } = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
    expect([...man].sort()).toEqual(pages.map(({ file }) => `./dist/man/${file}`).sort());
    for (const { file, text } of pages) expect(readFileSync(`${folder}/${file}`, 'utf8')).toBe(text);
  });

  it('tell of every command and option, with an example, and ask for nothing that man(7) does not know', () => {
    const plain = (text: string) => text.replaceAll('\\-', '-');
    for (const { command, path } of COMMANDS.filter((one) => one.path.length > 0)) {
      const page = plain(programManPages().find(({ file }) => file === `mailwagon-${path[0]}.1`)?.text ?? '');
      expect(page).toContain(`.B mailwagon ${path.join(' ')}`.trimEnd());
      for (const option of optionsOf(command)) expect(page, path.join(' ')).toContain(option);
      if (command.commands.length === 0) expect(page).toContain(`\nmailwagon ${path.join(' ')}`);
    }
    for (const { text } of programManPages()) expect(text).toMatch(/^[\n -~]*$/);
    const known = ['.TH', '.SH', '.SS', '.TP', '.B', '.I', '.BR', '.br', '.nf', '.fi'];
    for (const { text } of programManPages())
      for (const line of text.split('\n').filter((one) => one.startsWith('.'))) expect(known).toContain(line.split(' ')[0]);
  });
});
