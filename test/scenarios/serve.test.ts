/** `mailwagon serve` as a process of its own: what it prints, which signals it takes, how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';

const program = fileURLToPath(new URL('../../bin/mailwagon', import.meta.url));
const CONFIG =
  'hostname: mail.example.com\ndataDir: data\nlisten: { smtp: ["127.0.0.1:0"], smtps: ["127.0.0.1:0"], http: ["127.0.0.1:0"] }\n';

let dir: string;
let cleanup: () => void;
const children: ChildProcess[] = [];

beforeEach(() => {
  const made = tempDir('mailwagon-serve-');
  cleanup = made.cleanup;
  dir = realpathSync(made.path);
  writeFileSync(join(dir, 'mailwagon.yaml'), CONFIG);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  cleanup();
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const printed = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    printed.err += chunk;
  });
  const lines = () =>
    printed.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const logged = (msg: string) => waitFor(() => lines().find((line) => line.msg === msg));
  return { child, printed, lines, logged };
}

async function run(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, code };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** The request that the printed curl line makes, with the shell's `$(cat …)` done by `key`. */
function readCurlLine(printed: string, key: string) {
  const url = /curl --user "api:([^"]+|\$\(cat "[^"]+"\))" (\S+)/.exec(printed);
  const form = new FormData();
  for (const [, name, quoted, plain] of printed.matchAll(/-F (\w+)=(?:"([^"]*)"|(\S+))/g)) form.append(name ?? '', quoted ?? plain ?? '');
  const headers = { authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}` };
  return { spelled: url?.[1], send: () => fetch(url?.[2] ?? '', { method: 'POST', body: form, headers }) };
}

describe('serve --init', () => {
  it('prints the key and a line that sends, serves, and ends with 0 on SIGTERM', async () => {
    const { child, printed, logged } = start('serve', '--init');
    const ready = await logged('ready');
    expect(ready).toMatchObject({
      smtp: [expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
      smtps: [expect.any(String)],
      http: [expect.any(String)],
    });
    await waitFor(() => printed.err.includes('-F text='));
    const key = /API key +(\S+)/.exec(printed.err)?.[1] ?? '';
    const curl = readCurlLine(printed.err, key);
    expect(curl.spelled).toBe(key);
    const answer = await curl.send();
    expect([answer.status, await answer.json()]).toEqual([200, { id: expect.stringMatching(/^<.*>$/), message: 'Queued. Thank you.' }]);

    const server = ['--api', `http://${(ready.http as string[])[0]}`];
    const list = await run('domain', 'list', '--json', ...server);
    expect(JSON.parse(list.out).items).toEqual([expect.objectContaining({ type: 'sandbox' })]);
    const tail = await run('events', 'tail', '--no-follow', '--json', '--event', 'accepted', ...server);
    expect(JSON.parse(tail.out)).toMatchObject({ event: 'accepted', recipient: 'you@example.com' });

    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
    await logged('stopped');
  });

  it('goes on with the same data on a later start, and points at the key instead of showing it', async () => {
    const made = await run('init', '--json');
    const { apiKey } = JSON.parse(made.out);
    expect(Object.keys(JSON.parse(made.out))).toEqual(['apiKey', 'signingKey', 'sandboxDomain', 'smtpLogin', 'smtpPassword']);
    expect(await run('init', '--json')).toMatchObject({ code: 1, out: '' });

    const { child, printed, logged } = start('serve', '--init');
    await logged('ready');
    await waitFor(() => printed.err.includes('-F text='));
    expect(printed.err).not.toContain(apiKey);
    const curl = readCurlLine(printed.err, apiKey);
    expect(curl.spelled).toBe('$(cat "data/admin.key")');
    child.kill('SIGINT');
    expect(await exitCode(child)).toBe(0);
  });
});

describe('serve', () => {
  it('reads certificates again on SIGHUP, and refuses a second server on the same folder', async () => {
    await run('init');
    const { child, logged } = start('serve');
    await logged('ready');
    child.kill('SIGHUP');
    await logged('reloaded');

    const second = await run('serve');
    expect(second.code).toBe(1);
    expect(second.err).toMatch(/^Cannot start: .*in use/);

    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
  });

  it('leaves a usable folder behind when SIGTERM comes while it starts', async () => {
    await run('init');
    const { child, printed } = start('serve');
    await waitFor(() => child.pid !== undefined);
    // Sent again and again, because before Node runs the program a signal ends the process at once.
    const early = setInterval(() => child.kill('SIGTERM'), 150);
    try {
      await exitCode(child);
    } finally {
      clearInterval(early);
    }
    expect(printed.err).toBe('');
    const again = start('serve');
    await again.logged('ready');
    again.child.kill('SIGTERM');
    expect(await exitCode(again.child)).toBe(0);
  });
});
