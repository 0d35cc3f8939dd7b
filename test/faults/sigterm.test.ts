/**
 * SIGTERM while people keep the server waiting: a peer that does not answer a message, a client that does not finish one, a request whose body does not
 * come. It is over within its half minute and a little, exits with 0, and the next start delivers what was accepted, once.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';
import { openDialog } from '../support/smtp-dialog.mjs';
import { waitFor } from '../support/wait-for.mjs';

/** The grace, and what is left to write down and close. */
const OVER_MS = 36_000;

test('nobody keeps it from stopping, and nothing is lost', async () => {
  const world = await openWorld({
    config: { trustedNetworks: ['127.0.0.0/8'] },
  });
  world.mx.script = { dot: 'silence' };
  await world.send({ to: 'unanswered@dst.test' });
  await waitFor(() => world.mx.attempts.length > 0, { what: 'a message that waits for its answer' });
  const [smtp = 0] = world.server.addresses.smtp;
  const client = await openDialog({ port: smtp });
  await client.expect('220');
  await client.command('EHLO client.test', '250');
  await client.command('MAIL FROM:<a@src.test>', '250');
  await client.command('RCPT TO:<b@dst.test>', '250');
  await client.command('DATA', '354');
  client.sendRaw('Subject: half\r\n\r\nnever finished\r\n');
  const request = connect(world.server.addresses.http[0] ?? 0, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void request.destroy());
  let answered = '';
  request.on('data', (chunk) => (answered += chunk));
  const authorization = `Basic ${Buffer.from(`api:${world.server.keys.apiKey}`).toString('base64')}`;
  const head = ['POST /v3/src.test/messages HTTP/1.1', 'Host: x', `Authorization: ${authorization}`, 'Content-Length: 1000'];
  request.write(`${head.join('\r\n')}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nfrom=`);
  // A later one is answered, so this one was read and not turned away.
  await sleep(500);
  await world.events();
  expect(answered).toBe('');

  const began = performance.now();
  expect(await world.server.stop()).toBe(0);
  const took = performance.now() - began;
  expect(took).toBeLessThan(OVER_MS);
  // What is being sent is not cut before its time.
  expect(took).toBeGreaterThan(20_000);
  expect(world.server.log.at(-1)?.msg).toBe('stopped');

  world.mx.script = {};
  await world.server.start();
  // The peer may hold the message: it is left alone for a while, unless an operator knows better.
  await waitFor(async () => (await world.events()).some(({ severity }) => severity === 'temporary') || world.mx.messages.length > 0);
  await world.server.cli('queue', 'retry', '--all');
  const isEmpty = async () => JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items.length === 0;
  await waitFor(isEmpty, { timeoutMs: 30_000, intervalMs: 200, what: 'an empty queue' });
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo)).toEqual(['unanswered@dst.test']);
});
