/**
 * What is accepted and has no effect yet says so: in the lint's answer at every door, and in the log once per account. Reported: such
 * options were taken in silence.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { IDLE_OPTIONS, IDLE_SETTINGS } from '#core';
import { OPTION_TABLE } from '#intake/options/option-table.js';
import { openWorld, type World } from '../scenarios/support/world.js';
import { tempDir } from '../support/temp-dir.mjs';

const FORM = { from: 'a@src.test', to: 'b@dst.test', subject: 'Hi', text: 'Hi' };
const VALUES: Record<string, string> = { 'deliverytime-optimize-period': '24h', 'time-zone-localize': '00:00' };

const send = async (world: World, fields: Record<string, string>) => {
  const { status, body } = await world.server.api('POST', '/v3/src.test/messages', { form: { ...FORM, 'o:lint': 'yes', ...fields } });
  expect(status).toBe(200);
  return body.warnings as { rule: string; message: string }[];
};

/** What the log was told, once it is as many lines. */
async function noticed(world: World, count: number) {
  const lines = () =>
    world.server
      .logText()
      .split('\n')
      .filter((line) => line.includes('"withoutEffect"'));
  await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(count), { timeout: 5000 });
  return lines().map((line) => JSON.parse(line) as { withoutEffect: string[]; domain: string });
}

test('a send says which of its options have no effect, the log says it once', async () => {
  const world = await openWorld();
  expect(IDLE_OPTIONS.map(({ name }) => name).filter((name) => !OPTION_TABLE.some((option) => option.name === name))).toEqual([]);
  for (const { name, why } of IDLE_OPTIONS) {
    const asked = { [`o:${name}`]: VALUES[name] ?? 'yes' };
    const expected = [{ rule: 'option-without-effect', message: `Options were asked for that have no effect (o:${name}: ${why})` }];
    expect(await send(world, asked)).toEqual(expected);
    expect(await send(world, asked)).toEqual(expected);
  }
  expect(await send(world, { 'o:tracking': 'no', 'o:tracking-clicks': 'false', 'o:tracking-opens': '0', 'o:native-send': 'no' })).toEqual(
    [],
  );
  const both = await send(world, { 'o:tracking-clicks': 'htmlonly', 'o:tracking-opens': 'yes', 'o:time-zone-localize': '10:30' });
  expect(both.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /\(o:tracking-clicks, o:tracking-opens: opens and clicks are not tracked yet; o:time-zone-localize: nothing is known/,
    ),
  ]);
  const told = await noticed(world, IDLE_OPTIONS.length);
  expect(told.map(({ domain, withoutEffect }) => [domain, withoutEffect])).toEqual(
    IDLE_OPTIONS.map(({ name }) => ['src.test', [`o:${name}`]]),
  );
  expect(told[0]).toMatchObject({ level: 40, account: expect.any(Number), msg: expect.stringContaining('not tracked yet') });
});

test('so does the reply over SMTP, and `lint` of a file', async () => {
  const world = await openWorld();
  const head = 'From: a@src.test\r\nTo: b@dst.test\r\nSubject: Hi\r\n';
  const fields = `X-Mailgun-Track: yes\r\nX-Mailgun-Track-Opens: no\r\n`;
  const reply = await world.submit({ raw: `X-Mailgun-Lint: yes\r\n${fields}${head}\r\nHi\r\n`, from: 'a@src.test', to: ['b@dst.test'] });
  expect(JSON.stringify(reply)).toContain('(warnings: option-without-effect)');
  expect((await noticed(world, 1)).map(({ withoutEffect }) => withoutEffect)).toEqual([['X-Mailgun-Track']]);

  const file = join(tempDir().path, 'message.eml');
  const lint = async (raw: string) => {
    writeFileSync(file, raw);
    const { stdout } = await world.server.cli('lint', file, '--json');
    return JSON.parse(stdout).warnings;
  };
  expect(await lint(`${fields}${head}\r\nHi\r\n`)).toEqual([
    {
      rule: 'option-without-effect',
      message: 'Options were asked for that have no effect (X-Mailgun-Track: opens and clicks are not tracked yet)',
    },
  ]);
  expect(await lint(`X-Mailgun-Track: no\r\nX-Mailgun-Track: yes\r\nX-Mailgun-Tag: a\r\n${head}\r\nHi\r\n`)).toEqual([]);
  // Sent by Mailgun before: its fields ask for nothing.
  expect(await lint(`X-Mailgun-Sid: abc\r\n${fields}${head}\r\nHi\r\n`)).toEqual([]);
  expect(await lint(`${head}\r\nTo leave: %unsubscribe_url% or %TAG_unsubscribe_url%\r\n`)).toEqual([
    { rule: 'placeholder-without-effect', message: expect.stringContaining('%unsubscribe_url%, %tag_unsubscribe_url%') },
  ]);
});

test('settings of a domain that have no effect are told by lint, log and doctor alike', async () => {
  const world = await openWorld();
  const put = (form: Record<string, string>) => world.server.api('PUT', '/v4/domains/src.test', { form });
  expect((await put({ web_scheme: 'http', spam_action: 'tag' })).status).toBe(200);
  expect((await put({ web_scheme: 'http', spam_action: 'block' })).status).toBe(200);
  expect((await world.server.api('PUT', '/v3/domains/src.test/web_prefix', { form: { web_prefix: 'links' } })).status).toBe(200);
  const names = ['spam_action', 'web_scheme', 'web_prefix'];
  expect((await noticed(world, 2)).map(({ withoutEffect }) => withoutEffect)).toEqual([['spam_action', 'web_scheme'], ['web_prefix']]);
  const [warning] = await send(world, {});
  expect(warning?.rule).toBe('setting-without-effect');
  for (const name of names) expect(warning?.message).toContain(name);
  const { body } = await world.server.api('GET', '/mailwagon/v1/idle-settings', { query: { account: 'all' } });
  expect(body.items).toEqual([{ domain: 'src.test', settings: names }]);

  const usual = { web_scheme: 'https', web_prefix: 'email', spam_action: 'disabled' };
  expect((await put(usual)).status).toBe(200);
  expect(await send(world, {})).toEqual([]);
});

test('every setting of the list is a parameter that a domain takes', async () => {
  const world = await openWorld();
  const values: Record<string, string> = {
    ...{ spam_action: 'tag', web_scheme: 'http', web_prefix: 'links', dkim_host_name: 'keys.test', mailfrom_host: 'bounce.test' },
  };
  const form = Object.fromEntries(IDLE_SETTINGS.map(({ name }) => [name, values[name] ?? 'yes']));
  expect((await world.server.api('PUT', '/v4/domains/src.test', { form })).status).toBe(200);
  const [warning] = await send(world, {});
  for (const { name } of IDLE_SETTINGS) expect(warning?.message).toContain(name);
});
