/**
 * Strangers who guess at a login do not lock its owner out, and the log says which login was guessed at. Reported: after a restart they
 * did, for nobody knew any more where the owner had been.
 */
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';
import { smtpSend } from '../support/smtp-send.mjs';
import { waitFor } from '../support/wait-for.mjs';

test('the owner, known from before the restart, gets in while others are kept out', { timeout: 120_000 }, async () => {
  const world = await openWorld();
  const from = (localAddress: string, password: string, login = world.login) =>
    smtpSend({ port: world.server.addresses.smtp[0] ?? 0, login, password, localAddress }, { from: `a@${world.domain}`, to: 'b@dst.test' });
  expect((await from('127.0.0.9', world.password)).code).toBe(250);
  expect(await world.server.stop()).toBe(0);
  await world.server.start();

  // From many addresses, so that it is the login that is braked.
  const guess = async (round: number) => (await from(`127.0.1.${round}`, 'a guess')).code;
  let round = 1;
  await waitFor(async () => (await guess(round++)) === 454, { what: 'the login to be braked', timeoutMs: 90_000 });
  expect((await from('127.0.0.10', world.password)).code).toBe(454);
  expect((await from('127.0.0.9', world.password)).code).toBe(250);

  await from('127.0.0.11', 'a guess', 'my secret passphrase');
  const refused = () => world.server.log.filter(({ msg }) => msg === 'login refused');
  await waitFor(() => refused().some(({ ip }) => ip === '127.0.0.11'), { what: 'the log line' });
  expect(refused()[0]).toMatchObject({ login: world.login, ip: '127.0.1.1', code: 535 });
  expect(refused().find(({ ip }) => ip === '127.0.0.11')).toMatchObject({ login: '(not an address)' });
  expect(world.server.logText()).not.toMatch(/a guess|passphrase/);
});
