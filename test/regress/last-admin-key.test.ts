/**
 * The last admin key cannot be deleted, and who lost it gets in again from the data folder of the stopped server. Reported: there was no
 * way back in.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addAccount } from '../scenarios/support/second-account.js';
import { openWorld } from '../scenarios/support/world.js';
import { runMailwagon } from '../support/mailwagon-process.mjs';

const idOf = (secret: string) => secret.slice(33);

test('deleting it is refused over the API and the command line', async () => {
  const { server } = await openWorld();
  const last = idOf(server.keys.apiKey);
  const refused = await server.api('DELETE', `/v1/keys/${last}`);
  expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('last admin key')]);
  expect(await server.cli('key', 'remove', last, '--yes')).toMatchObject({ code: 1, stderr: expect.stringContaining('last admin key') });
  expect((await server.api('POST', '/v1/keys', { form: { role: 'admin' } })).status).toBe(200);
  expect((await server.api('DELETE', `/v1/keys/${last}`)).status).toBe(200);
});

test('a key made offline lets the operator in again, and commands find it', { timeout: 120_000 }, async () => {
  const { server } = await openWorld();
  const offline = async (...args: string[]) => {
    const { code, stdout, stderr } = await runMailwagon(['key', 'create', '--offline', '--config', server.configFile, ...args]);
    return { code, stderr, made: code === 0 ? JSON.parse(stdout) : undefined };
  };
  expect(await offline('--json')).toMatchObject({ code: 1, stderr: expect.stringContaining('in use by another mailwagon') });
  expect(await server.stop()).toBe(0);
  const file = join(server.dataDir, 'admin.key');
  // One that works stays.
  expect((await offline('--json')).made).not.toHaveProperty('admin_key_file');
  expect(readFileSync(file, 'utf8').trim()).toBe(server.keys.apiKey);

  writeFileSync(file, 'lost\n');
  expect((await offline('--json', '--role', 'developer')).made).not.toHaveProperty('admin_key_file');
  const { made } = await offline('--json');
  expect(made).toMatchObject({ admin_key_file: file, key: { role: 'admin', kind: 'user' } });
  expect(readFileSync(file, 'utf8').trim()).toBe(made.key.secret);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await addAccount(server.dataDir);
  expect(await offline('--account', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('Account not found') });
  expect(await offline('--domain', 'nowhere.test')).toMatchObject({ code: 1, stderr: expect.stringContaining('Domain not found') });

  await server.start();
  expect((await server.cli('domain', 'list')).code).toBe(0);
  const ids = (await server.api('GET', '/v1/keys', { key: made.key.secret })).body.items.map(({ id }: { id: string }) => id);
  expect(ids).toEqual(expect.arrayContaining([idOf(server.keys.apiKey), made.key.id]));
});
