/**
 * Domains take what Mailgun's manual and the README samples of its clients give them; `doctor` tells what of it has no effect yet.
 * Reported: settings that clients send as a matter of course were refused.
 */
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';

test('creation and change keep and show every setting', async () => {
  const { server } = await openWorld();
  const rubys = { name: 'one.test', smtp_password: '', spam_action: 'tag', wildcard: 'false' };
  const made = await server.api('POST', '/v4/domains', { form: rubys });
  expect(made).toMatchObject({
    status: 200,
    body: { message: 'Domain DNS records have been created', domain: { name: 'one.test', spam_action: 'tag', wildcard: false } },
  });
  const changed = await server.api('PUT', '/v4/domains/one.test', {
    form: { spam_action: 'block', web_scheme: 'https', wildcard: 'true' },
  });
  const shown = { spam_action: 'block', web_scheme: 'https', wildcard: true };
  expect(changed).toMatchObject({ status: 200, body: { message: 'Domain has been updated', domain: shown } });
  expect(await server.stop()).toBe(0);
  await server.start();
  expect((await server.api('GET', '/v3/domains/one.test')).body.domain).toMatchObject(shown);
});

test('what has no effect yet is kept and shown, and told by doctor', async () => {
  const { server } = await openWorld();

  const whole = {
    ...{ name: 'two.test', force_dkim_authority: 'true', use_automatic_sender_security: 'true', encrypt_incoming_message: 'yes' },
    ...{ dkim_host_name: 'Keys.two.test', force_root_dkim_host: 'false', pool_id: '' },
  };
  const two = await server.api('POST', '/v4/domains', { form: whole });
  expect(two.body.domain).toMatchObject({
    ...{ force_dkim_authority: true, use_automatic_sender_security: true, encrypt_incoming_message: true },
    ...{ dkim_host: 'keys.two.test', mailfrom_host: 'two.test', force_root_dkim_host: false, spam_action: 'disabled' },
  });
  const host = await server.api('PUT', '/v4/domains/two.test', { form: { mailfrom_host: 'bounce.two.test', dkim_host_name: '' } });
  expect(host.body.domain).toMatchObject({ dkim_host: 'two.test', mailfrom_host: 'bounce.two.test' });
  expect(await server.api('PUT', '/v4/domains/two.test', { form: { mailfrom_host: 'not a name' } })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('mailfrom_host') },
  });

  await server.api('PUT', '/v4/domains/src.test', { form: { spam_action: 'block', wildcard: 'true' } });
  const doctor = await server.cli('doctor', '--json');
  const told = JSON.parse(doctor.stdout).findings.filter(({ check }: { check: string }) => check === 'settings');
  expect(told.map(({ status, text }: { status: string; text: string }) => [status, text])).toEqual([
    ['warn', 'src.test: spam_action, wildcard is kept and has no effect yet'],
    ['warn', 'two.test: use_automatic_sender_security, encrypt_incoming_message, mailfrom_host is kept and has no effect yet'],
  ]);
});

test('a list is filtered by authority, which is each domain itself', async () => {
  const { server } = await openWorld();
  const names = async (query: Record<string, string>) =>
    (await server.api('GET', '/v4/domains', { query })).body.items.map(({ name }: { name: string }) => name);
  expect(await names({ authority: 'SRC.test' })).toEqual(['src.test']);
  expect(await names({ authority: 'none.test' })).toEqual([]);
  // With a state, Mailgun looks at that alone.
  expect(await names({ authority: 'none.test', state: 'unverified' })).toEqual(['src.test']);
});

test('a password makes the login of a domain that has none', async () => {
  const world = await openWorld();
  await world.server.api('POST', '/v3/domains', { form: { name: 'bare.test' } });
  const put = (password: string) => world.server.api('PUT', '/v4/domains/bare.test', { form: { smtp_password: password } });
  expect((await put('abc')).status).toBe(400);
  expect((await put('first-password')).status).toBe(200);
  expect((await put('second-password')).status).toBe(200);
  const { body } = await world.server.api('GET', '/v3/domains/bare.test/credentials');
  expect(body.items.map(({ login }: { login: string }) => login)).toEqual(['postmaster@bare.test']);
});
