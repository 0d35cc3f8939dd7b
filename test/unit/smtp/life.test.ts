/** Clients that leave, a server that stops, a certificate that changes. */

import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { expect, test } from 'vitest';
import { makeSelfSignedCertificate } from '#net';
import { waitFor } from '../../support/wait-for.mjs';
import { certificate, startServer } from './support/server.js';
import { SmtpClient } from './support/smtp-client.js';

const trusted = () => true;

async function atData(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.ready(port);
  client.send('MAIL FROM:<x@a.test>\r\nRCPT TO:<y@ext.test>\r\nDATA\r\n');
  for (const code of [/^250/, /^250/, /^354/]) await client.expect(code);
  return client;
}

test.each(['a close', 'a reset'])('%s before the final dot leaves nothing, at every point of the message', async (how) => {
  const { port, intake, log } = await startServer({ trusted });
  const message = 'Subject: half\r\n\r\nbody\r\n.\r\n';
  for (let cut = 0; cut < message.length; cut++) {
    const client = await atData(port);
    await client.flush(message.slice(0, cut));
    if (how === 'a reset') client.reset();
    else client.destroy();
  }
  await waitFor(() => intake.dropped.length === message.length);
  expect(intake.kept).toEqual([]);
  await waitFor(() => log.filter((line) => line.msg === 'client left before the end of the message').length === message.length);
});

test('a client that leaves after the final dot: the message is kept once', async () => {
  const { port, intake } = await startServer({ trusted });
  let go: (() => void) | undefined;
  intake.after = () =>
    new Promise<void>((resolve) => {
      go = resolve;
    });
  const client = await atData(port);
  await client.flush('a: b\r\n\r\nbody\r\n.\r\n');
  const finish = await waitFor(() => go);
  client.reset();
  await client.closed();
  finish();
  await waitFor(() => intake.kept.length === 1);
  expect(intake.dropped).toEqual([]);
});

test('clients that reset at once, hundreds of them, leave no session behind', async () => {
  const { port, tlsPort, server, log } = await startServer({ limits: { connectionsPerClient: 1000 } });
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const client = await SmtpClient.connect(index % 2 ? port : tlsPort);
        client.reset();
      }),
    );
  }
  const client = await SmtpClient.ready(port);
  await client.command('QUIT', /^221/);
  await server.stop(0);
  expect(log.filter((line) => Number(line.level) > 30)).toEqual([]);
});

test('IPv6: brackets in the address, and the client is told apart by its network', async () => {
  const { port, intake } = await startServer({ host: '[::1]', trusted: (ip) => ip === '::1', limits: { connectionsPerClient: 1 } });
  const client = await SmtpClient.ready(port, { host: '::1' });
  client.send('MAIL FROM:<x@a.test>\r\nRCPT TO:<y@ext.test>\r\nDATA\r\n');
  for (const code of [/^250/, /^250/, /^354/]) await client.expect(code);
  await client.command('.', /^250/);
  expect(intake.kept[0]?.remoteAddress).toBe('::1');
});

test('one line per message and none per command at info; sessions end at debug', async () => {
  const { port, log } = await startServer({ trusted });
  const client = await atData(port);
  await client.command('a: secret body\r\n\r\n.', /^250/);
  await client.command('QUIT', /^221/);
  await waitFor(() => log.some((line) => line.msg === 'session ended'));
  const [accepted, ...more] = log.filter((line) => line.level === 30);
  expect(more).toEqual([]);
  expect(accepted).toMatchObject({
    msg: 'message accepted',
    account: 1,
    domain: 'a.test',
    recipients: 1,
    size: 18,
    code: 250,
    messageId: 'm1@test',
  });
  expect(log.find((line) => line.msg === 'session ended')).toMatchObject({ session: accepted?.session, messages: 1, code: 221, level: 20 });
  expect(JSON.stringify(log)).not.toContain('secret body');
});

test('stop: idle sessions hear 421 at once, a message under way is finished and answered first', async () => {
  const { port, server, intake } = await startServer({ trusted });
  const idle = await SmtpClient.ready(port);
  const busy = await atData(port);
  const secure = await SmtpClient.ready(port);
  await secure.startTls();
  busy.send('a: b\r\n');
  const stopped = server.stop(10_000);
  await idle.expect(/^421 4\.3\.2 service is shutting down/);
  await secure.expect(/^421 4\.3\.2 /);
  await idle.closed();
  await expect(SmtpClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  await busy.command('\r\n.', /^250 2\.0\.0 Ok: queued/);
  await busy.expect(/^421 4\.3\.2 /);
  await busy.closed();
  await stopped;
  expect(intake.kept).toHaveLength(1);
});

test('stop: who does not finish within the grace is cut off, and nothing is kept', async () => {
  const { port, tlsPort, server, intake } = await startServer({ trusted });
  const slow = await atData(port);
  const handshaking = await SmtpClient.connect(tlsPort);
  const upgrading = await SmtpClient.ready(port);
  await upgrading.command('STARTTLS', /^220/);
  slow.send('a: b\r\n');
  const started = performance.now();
  await server.stop(100);
  expect(performance.now() - started).toBeGreaterThanOrEqual(99);
  expect(await slow.reply()).toMatch(/^421 4\.3\.2 /);
  for (const client of [slow, handshaking, upgrading]) await client.closed();
  await waitFor(() => intake.dropped.length === 1);
  expect(intake.kept).toEqual([]);
});

test('stop under traffic: every 250 is a message kept, and no message is kept without one or a broken session', async () => {
  const { port, server, intake } = await startServer({ trusted });
  intake.after = () => sleep(2);
  let acknowledged = 0;
  let cut = 0;
  const clients = Array.from({ length: 20 }, async () => {
    const client = await SmtpClient.ready(port);
    for (;;) {
      client.send('MAIL FROM:<x@a.test>\r\nRCPT TO:<y@ext.test>\r\nDATA\r\n');
      for (const code of ['250', '250', '354']) {
        if (!(await client.reply())?.startsWith(code)) return;
      }
      client.send('a: b\r\n\r\n.\r\n');
      const reply = await client.reply();
      if (reply?.startsWith('250')) acknowledged++;
      else {
        cut++;
        return;
      }
    }
  });
  await waitFor(() => acknowledged > 50);
  await server.stop(5000);
  await Promise.all(clients);
  expect(intake.kept.length).toBe(acknowledged);
  expect(cut).toBe(0);
});

test('a port in use: start rejects with the system error and listens nowhere', async () => {
  const first = await startServer();
  await expect(startServer({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE', port: first.port });
});

test('reloadTls: new handshakes show the new certificate, live sessions stay, a bad pair changes nothing', async () => {
  const { port, tlsPort, server } = await startServer();
  const live = await SmtpClient.ready(tlsPort, { tls: true });
  const shown = async (client: SmtpClient) => {
    const socket = client.socket as ReturnType<typeof tlsConnect>;
    return socket.getPeerCertificate().fingerprint256;
  };
  const before = await shown(live);
  const next = await makeSelfSignedCertificate({ hostname: 'next.a.test', notBefore: Date.now() - 86_400_000 });
  server.reloadTls(next);
  const implicit = await SmtpClient.ready(tlsPort, { tls: true });
  const upgraded = await SmtpClient.ready(port);
  await upgraded.startTls();
  expect(await shown(implicit)).not.toBe(before);
  expect(await shown(upgraded)).toBe(await shown(implicit));
  await live.login();
  await live.command('NOOP', /^250/);
  expect(() => server.reloadTls({ cert: next.cert, key: 'not a key' })).toThrow();
  expect(await shown(await SmtpClient.ready(tlsPort, { tls: true }))).toBe(await shown(implicit));
  server.reloadTls(await certificate());
  expect(await shown(await SmtpClient.ready(tlsPort, { tls: true }))).toBe(before);
});

test('TLS 1.1 is refused', async () => {
  const { tlsPort } = await startServer();
  const old = tlsConnect({
    port: tlsPort,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  });
  await expect(new Promise((resolve, reject) => old.once('secureConnect', resolve).once('error', reject))).rejects.toThrow();
});
