/** Guessing is slow, bounded per session, login and client, and leaves no password in the log. */
import { expect, test } from 'vitest';
import { startServer } from './support/server.js';
import { base64, plain, SmtpClient } from './support/smtp-client.js';

const wrong = `AUTH PLAIN ${plain('user@a.test', 'guess')}`;

test('three failures end the session', async () => {
  const { tlsPort, log } = await startServer();
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.command(wrong, /^535 5\.7\.8 authentication failed$/);
  await client.command(`AUTH PLAIN ${plain('nobody@a.test', 'guess')}`, /^535 5\.7\.8 authentication failed$/);
  await client.command('AUTH LOGIN', /^334/);
  await client.command(base64('user@a.test'), /^334/);
  await client.command(base64('guess-two'), /^421 4\.7\.0 too many failed attempts/);
  await client.closed();
  const text = JSON.stringify(log);
  for (const secret of ['guess', base64('guess-two'), plain('user@a.test', 'guess')]) expect(text).not.toContain(secret);
  const refused = log.filter((line) => line.msg === 'login refused');
  expect(refused.map(({ login }) => login)).toEqual(['user@a.test', 'nobody@a.test', 'user@a.test']);
});

test('a failed answer is delayed, a good one is not', async () => {
  const { tlsPort } = await startServer({ limits: { authDelayMs: 2000 } });
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  const started = performance.now();
  await client.command(wrong, /^535/);
  const failed = performance.now();
  await client.login();
  expect(failed - started).toBeGreaterThanOrEqual(1999);
  expect(performance.now() - failed).toBeLessThan(1999);
});

test('a braked login is not even checked, for any client but its owner', async () => {
  const { tlsPort, directory } = await startServer({ limits: { authFailures: 100, authFailuresPerLogin: 3 } });
  const owner = await SmtpClient.ready(tlsPort, { tls: true, localAddress: '127.0.0.9' });
  await owner.login();
  const guesser = await SmtpClient.ready(tlsPort, { tls: true });
  for (let count = 0; count < 3; count++) await guesser.command(wrong, /^535/);
  const checked = directory.verified;
  await guesser.command(`AUTH PLAIN ${plain('user@a.test', 'secret-a')}`, /^454 4\.7\.0 too many failed attempts, try again later/);
  expect(directory.verified).toBe(checked);
  const again = await SmtpClient.ready(tlsPort, { tls: true, localAddress: '127.0.0.9' });
  await again.login();
  const third = await SmtpClient.ready(tlsPort, { tls: true, localAddress: '127.0.0.10' });
  await third.login('user@b.test', 'secret-b');
});

test('a client that tries many logins is braked over all its sessions', async () => {
  const { tlsPort } = await startServer({ limits: { authFailuresPerSource: 4 } });
  for (let count = 0; count < 2; count++) {
    const client = await SmtpClient.ready(tlsPort, { tls: true });
    await client.command(`AUTH PLAIN ${plain(`one${count}@a.test`, 'guess')}`, /^535/);
    await client.command(`AUTH PLAIN ${plain(`two${count}@a.test`, 'guess')}`, /^535/);
    client.destroy();
  }
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.command(`AUTH PLAIN ${plain('user@a.test', 'secret-a')}`, /^454 4\.7\.0 /);
});

test('logins and passwords beyond ASCII, empty ones, and a megabyte of base64', async () => {
  const { tlsPort } = await startServer({ limits: { authFailures: 100 } });
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.command(`AUTH PLAIN ${plain('', '')}`, /^535/);
  await client.command(`AUTH PLAIN ${plain('user@a.test', '')}`, /^535/);
  await client.command(`AUTH PLAIN ${'A'.repeat(12_000)}`, /^501 5\.5\.4/);
  await client.command(`AUTH PLAIN ${plain('usér@a.test', 'pässwörd')}`, /^235/);
  const big = await SmtpClient.ready(tlsPort, { tls: true });
  big.send(`AUTH PLAIN ${'A'.repeat(1_000_000)}\r\n`);
  await big.expect(/^500 5\.5\.6 /);
  await big.closed();
});

test('every connection and every login is told to whoever counts, by its result', async () => {
  const { tlsPort, observed, server } = await startServer({
    limits: { connectionsPerClient: 2, authFailures: 100, authFailuresPerLogin: 2 },
  });
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.login();
  const guesser = await SmtpClient.ready(tlsPort, { tls: true });
  for (let count = 0; count < 2; count++) await guesser.command(`AUTH PLAIN ${plain('nobody@a.test', 'guess')}`, /^535/);
  await guesser.command(`AUTH PLAIN ${plain('nobody@a.test', 'guess')}`, /^454/);
  await expect(SmtpClient.ready(tlsPort, { tls: true })).rejects.toThrow();
  expect(observed.sort()).toEqual([
    'connection refused-source',
    'connection session',
    'connection session',
    'login braked',
    'login right',
    'login wrong',
    'login wrong',
  ]);
  expect(server.connections()).toBe(2);
});
