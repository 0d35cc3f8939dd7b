/** A module that cannot be loaded was told as "data folder is not writable", or by a stack; whoever is to mend it needs its name and a command. */
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFailureText } from '#core';
import { runMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Where npm put them; a worktree may share them with another folder. */
const modules = join(dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json')), '..');

/** An installation of its own, whose modules are ours but for better-sqlite3. */
let path: string;
let cleanup: () => void;
beforeAll(() => {
  ({ path, cleanup } = tempDir('mailwagon-install-'));
  const isNeeded = (file: string) => !/\.(?:map|d\.ts)$/.test(file);
  for (const part of ['bin', 'dist', 'config', 'package.json'])
    cpSync(join(project, part), join(path, part), { recursive: true, filter: isNeeded });
  mkdirSync(join(path, 'node_modules'));
  for (const name of readdirSync(modules).filter((one) => one !== 'better-sqlite3' && !one.startsWith('.')))
    symlinkSync(join(modules, name), join(path, 'node_modules', name));
});
afterAll(() => cleanup());

const sqlite = () => join(path, 'node_modules', 'better-sqlite3');
const run = (...args: string[]) => runMailwagon(args, { cwd: path, program: join(path, 'bin', 'mailwagon') });

/** Without what was compiled. */
function copySqlite(): void {
  rmSync(sqlite(), { recursive: true, force: true });
  for (const part of ['package.json', 'lib']) cpSync(join(modules, 'better-sqlite3', part), join(sqlite(), part), { recursive: true });
}

it('too few files to load the program with are told as that', () => {
  const installation = { root: '/opt/mailwagon', nodeVersion: 'v20.0.0' };
  const failure = (code: string, message: string) => loadFailureText(Object.assign(new Error(message), { code }), installation);
  expect(failure('EMFILE', "too many open files, open '/opt/mailwagon/dist/a.js'")).toMatch(
    /^Too few files may be open .* 1024 \(ulimit -n/,
  );
  const unread =
    "Cannot find module '/opt/mailwagon/node_modules/htmlparser2/index.js' imported from /opt/mailwagon/dist/mail/read-html.js";
  expect(failure('ERR_MODULE_NOT_FOUND', unread)).toMatch(/is not whole, or too few files may be open .* 1024 \(ulimit -n/);
});

describe('better-sqlite3', () => {
  it('is named with "npm rebuild" when it was never built', async () => {
    copySqlite();
    const { code, stderr } = await run('init');
    expect(stderr.trim()).toMatch(
      /^The native module better-sqlite3 was never built: run "npm rebuild better-sqlite3" in \S+ \(it needs python3/,
    );
    expect(stderr).toContain(path);
    expect(stderr).not.toContain('writable');
    expect(code).toBe(1);
    const asJson = await run('serve', '--init', '--json');
    expect(JSON.parse(asJson.stderr).message).toContain('npm rebuild better-sqlite3');
  });

  it('is named with "npm rebuild" when it is of another machine', async () => {
    copySqlite();
    mkdirSync(join(sqlite(), 'build', 'Release'), { recursive: true });
    writeFileSync(join(sqlite(), 'build', 'Release', 'better_sqlite3.node'), 'no library');
    const { code, stderr } = await run('init');
    expect(stderr.trim()).toMatch(/^The native module better-sqlite3 cannot be loaded \(.*\): run "npm rebuild better-sqlite3" in /);
    expect([code, stderr.includes('writable')]).toEqual([1, false]);
  });

  it('is named when it is missing altogether, for any command and as JSON when asked', async () => {
    rmSync(sqlite(), { recursive: true, force: true });
    for (const args of [['--version'], ['init']]) {
      const { code, stderr } = await run(...args);
      expect(stderr.trim()).toMatch(/^The module better-sqlite3 is missing: run "npm ci" in /);
      expect(code).toBe(1);
    }
    expect(JSON.parse((await run('queue', 'list', '--json')).stderr).message).toContain('npm ci');
  });
});

it('a file of ours that is missing is an installation that is not whole', async () => {
  rmSync(sqlite(), { recursive: true, force: true });
  symlinkSync(join(modules, 'better-sqlite3'), sqlite());
  rmSync(join(path, 'dist', 'cli', 'commands', 'program.js'));
  expect((await run('init')).stderr).toMatch(/^The installation is not whole, \S+program\.js is missing: install the package again/);
  rmSync(join(path, 'dist', 'cli'), { recursive: true });
  expect((await run('init')).stderr).toMatch(/^Mailwagon is not built yet: run "npm ci" in /);
  expect(JSON.parse((await run('init', '--json')).stderr).message).toContain('not built yet');
});

describe('loadFailureText', () => {
  const at = { root: '/opt/mailwagon', nodeVersion: 'v24.1.0' };
  const failure = (message: string, code?: string, cause?: unknown) => Object.assign(new Error(message, { cause }), code && { code });

  it('knows a module of another Node by what Node says of it', () => {
    const said =
      "The module '/opt/mailwagon/node_modules/better-sqlite3/build/Release/better_sqlite3.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115. This version of Node.js requires\nNODE_MODULE_VERSION 137.";
    expect(loadFailureText(failure(said, 'ERR_DLOPEN_FAILED'), at)).toBe(
      'The native module better-sqlite3 was built for another version of Node.js than this one (v24.1.0): run "npm rebuild better-sqlite3" in /opt/mailwagon',
    );
  });

  it('looks at what caused an error, and leaves others alone', () => {
    const inner = failure("Cannot find package 'pino' imported from /opt/mailwagon/dist/cli/commands/serve.js", 'ERR_MODULE_NOT_FOUND');
    expect(loadFailureText(failure('a store thread died', undefined, inner), at)).toBe(
      'The module pino is missing: run "npm ci" in /opt/mailwagon, or install the package again',
    );
    expect(loadFailureText(failure("ENOENT: no such file or directory, open '/x'", 'ENOENT'), at)).toBeUndefined();
    expect(loadFailureText('text', at)).toBeUndefined();
  });
});
