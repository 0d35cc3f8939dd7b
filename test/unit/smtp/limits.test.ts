/** Sizes, counts and deadlines: each holds against a client that goes on trickling, and leaves nothing behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitFor } from '../../support/wait-for.mjs';
import { storeFull } from './support/fakes.js';
import { startServer } from './support/server.js';
import { plain, SmtpClient } from './support/smtp-client.js';

const trusted = () => true;

async function atData(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.ready(port);
  client.send('MAIL FROM:<x@a.test>\r\nRCPT TO:<y@ext.test>\r\nDATA\r\n');
  await client.expect(/^250/);
  await client.expect(/^250/);
  await client.expect(/^354/);
  return client;
}

/** Sends a byte every few ms until the server closes. */
async function drip(client: SmtpClient, byte: string): Promise<void> {
  while (!client.isClosed) {
    client.send(byte);
    await sleep(5);
  }
}

test('1001 recipients: a thousand are taken, the next is 452 4.5.3, and a repeated one is not a new one', async () => {
  const { port, intake } = await startServer({ trusted });
  const client = await SmtpClient.ready(port);
  await client.command('MAIL FROM:<x@a.test>', /^250/);
  client.send(Array.from({ length: 1001 }, (_, index) => `RCPT TO:<r${index}@ext.test>\r\n`).join(''));
  for (let index = 0; index < 1000; index++) await client.expect(/^250 2\.1\.5 /);
  await client.expect(/^452 4\.5\.3 too many recipients/);
  await client.command('RCPT TO:<r5@ext.test>', /^250/);
  await client.command('DATA', /^354/);
  await client.command('a: b\r\n\r\n.', /^250/);
  expect(intake.kept[0]?.recipients).toHaveLength(1000);
});

test('a message over the limit is refused after its last dot, and the session goes on', async () => {
  const { port, intake } = await startServer({ trusted, limits: { messageBytes: 100_000 } });
  const client = await atData(port);
  client.send(`a: b\r\n\r\n${`${'x'.repeat(98)}\r\n`.repeat(1500)}.\r\n`);
  await client.expect(/^552 5\.3\.4 message exceeds the size limit of 100000 bytes/);
  expect(intake.kept).toEqual([]);
  expect(intake.dropped).toHaveLength(1);
  await client.command('MAIL FROM:<x@a.test>', /^250/);
  await client.command('RCPT TO:<y@ext.test>', /^250/);
  await client.command('DATA', /^354/);
  // Exactly the limit is within it.
  await client.command(`${'x'.repeat(99_998)}\r\n.`, /^250/);
  expect(intake.kept[0]?.bytes.length).toBe(100_000);
});

test('a message without end is cut off at twice the limit', async () => {
  const { port, intake } = await startServer({ trusted, limits: { messageBytes: 50_000 } });
  const client = await atData(port);
  const filler = 'x'.repeat(10_000);
  for (let sent = 0; sent < 100 && !client.isClosed; sent++) client.send(filler);
  await client.expect(/^552 5\.3\.4 /);
  await client.closed();
  expect(intake.kept).toEqual([]);
});

test.each([
  ['a refusal before the message is read', 'before', storeFull(), /^452 4\.3\.1 Insufficient system storage/],
  ['a refusal half way', 'during', storeFull(), /^452 4\.3\.1 /],
  ['a failure when all is read', 'after', new Error('at /secret/path'), /^451 4\.3\.0 Internal server error$/],
] as const)('%s: the rest is drained, then the answer is given', async (_name, when, error, reply) => {
  const { port, intake, log } = await startServer({ trusted });
  const fail = () => {
    throw error;
  };
  intake[when] = fail;
  const client = await atData(port);
  client.send(`${`${'x'.repeat(98)}\r\n`.repeat(20_000)}.\r\n`);
  await client.expect(reply);
  intake[when] = () => undefined;
  await client.command('MAIL FROM:<x@a.test>', /^250/);
  await client.command('RCPT TO:<y@ext.test>', /^250/);
  await client.command('DATA', /^354/);
  await client.command('.', /^250/);
  expect(intake.kept).toHaveLength(1);
  expect(log.filter((line) => line.msg === 'message not stored')).toHaveLength(1);
});

test('a directory that fails is 451 at MAIL and 454 at AUTH, and says nothing more', async () => {
  const { tlsPort, directory } = await startServer();
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  directory.failure = new Error('at /secret/path');
  await client.command(`AUTH PLAIN ${plain('user@a.test', 'secret-a')}`, /^454 4\.7\.0 temporary authentication failure$/);
  directory.failure = undefined;
  await client.login();
  directory.failure = storeFull();
  await client.command('MAIL FROM:<x@a.test>', /^452 4\.3\.1 Insufficient system storage$/);
});

test('a command that never ends is cut off, however it trickles', async () => {
  const { port } = await startServer({ limits: { commandMs: 400 } });
  const client = await SmtpClient.ready(port);
  const started = performance.now();
  await drip(client, 'x');
  expect(client.unread).toMatch(/^421 4\.4\.2 command timeout/);
  expect(performance.now() - started).toBeGreaterThanOrEqual(399);
});

test('a message that never ends is cut off, and intake is told that it broke', async () => {
  const { port, intake } = await startServer({ trusted, limits: { messageMs: 100 } });
  const client = await atData(port);
  await drip(client, 'x');
  expect(client.unread).toMatch(/^421 4\.4\.2 message timeout/);
  expect(intake.dropped).toHaveLength(1);
  expect(intake.kept).toEqual([]);
});

test('a session ends after its time even when it is busy with nothing', async () => {
  const { port } = await startServer({ limits: { sessionMs: 400, idleCommands: 100_000 } });
  const client = await SmtpClient.ready(port);
  await drip(client, 'NOOP\r\n');
  expect(client.unread).toMatch(/421 4\.4\.2 session timeout/);
});

test.each(['implicit TLS', 'STARTTLS'])('a handshake over %s that never ends is cut off', async (how) => {
  const { port, tlsPort } = await startServer({ limits: { handshakeMs: 100 } });
  const client = await SmtpClient.connect(how === 'STARTTLS' ? port : tlsPort);
  if (how === 'STARTTLS') {
    await client.expect(/^220/);
    await client.command('STARTTLS', /^220/);
  }
  // The start of a ClientHello record that promises 16 kB.
  client.send(Buffer.from('160301400001003ffc0303', 'hex'));
  await drip(client, '\0');
  expect(client.unread).not.toMatch(/421/);
  // The server lives.
  await SmtpClient.ready(port);
});

test('while intake works, no deadline runs', async () => {
  const { port, intake } = await startServer({ trusted, limits: { commandMs: 400, messageMs: 400, sessionMs: 60_000 } });
  intake.after = () => sleep(1200);
  const client = await atData(port);
  await client.command('.', /^250 2\.0\.0 Ok: queued/);
  await client.command('NOOP', /^250/);
});

test('too many connections from one client, and in all', async () => {
  const { port, tlsPort } = await startServer({ limits: { connectionsPerClient: 2, connections: 3 } });
  const first = await SmtpClient.ready(port);
  await SmtpClient.ready(port);
  const third = await SmtpClient.connect(port);
  await third.expect(/^421 4\.7\.0 too many connections from your address/);
  await third.closed();
  await expect(SmtpClient.connect(tlsPort, { tls: true })).rejects.toThrow();
  await SmtpClient.ready(port, { localAddress: '127.0.0.2' });
  const other = await SmtpClient.connect(port, { localAddress: '127.0.0.3' });
  await other.expect(/^421 4\.7\.0 too many connections$/);
  first.destroy();
  await waitFor(async () => {
    const again = await SmtpClient.connect(port);
    return (await again.reply())?.startsWith('220');
  });
});

test('places are given back after STARTTLS, a failed handshake, a timeout and a reset alike', async () => {
  const { port, tlsPort, log } = await startServer({ limits: { connectionsPerClient: 1, handshakeMs: 500 } });
  const ended = () => log.filter((line) => line.msg === 'session ended').length;
  /** The only place can be had, and is given back. */
  const free = async () => {
    const before = ended();
    await waitFor(async () => {
      const probe = await SmtpClient.connect(port);
      const taken = (await probe.reply())?.startsWith('220');
      probe.destroy();
      return taken;
    });
    await waitFor(() => ended() > before);
  };
  const upgraded = await SmtpClient.ready(port);
  await upgraded.startTls();
  upgraded.destroy();
  await waitFor(() => ended() === 1);
  await free();
  const broken = await SmtpClient.connect(tlsPort);
  broken.send('not TLS\r\n');
  await broken.closed();
  await free();
  const stalled = await SmtpClient.connect(tlsPort);
  const started = performance.now();
  await stalled.closed();
  expect(performance.now() - started).toBeGreaterThanOrEqual(499);
  await free();
  const failed = await SmtpClient.ready(port);
  await failed.command('STARTTLS', /^220/);
  failed.send('not TLS either\r\n');
  await failed.closed();
  await waitFor(() => ended() === 5);
  await free();
  const reset = await SmtpClient.ready(port);
  reset.reset();
  await waitFor(() => ended() === 7);
  await free();
});

test('commands that move no mail run out; an accepted message starts the count again', async () => {
  const { port } = await startServer({ trusted, limits: { idleCommands: 5 } });
  const client = await SmtpClient.ready(port);
  for (let count = 0; count < 4; count++) await client.command('NOOP', /^250/);
  client.send('MAIL FROM:<x@a.test>\r\nRCPT TO:<y@ext.test>\r\nDATA\r\n');
  for (const code of [/^250/, /^250/, /^354/]) await client.expect(code);
  await client.command('.', /^250/);
  for (let count = 0; count < 5; count++) await client.command('RSET', /^250/);
  await client.command('NOOP', /^421 4\.7\.0 too many commands without mail/);
  await client.closed();
});

test('ten thousand commands in one segment are cut off without answering them all', async () => {
  const { port } = await startServer();
  const client = await SmtpClient.ready(port);
  client.send('NOOP\r\n'.repeat(10_000));
  const replies = await client.rest();
  expect(replies.length).toBeLessThan(110);
  expect(replies.at(-1)).toMatch(/^421 4\.7\.0 /);
});
