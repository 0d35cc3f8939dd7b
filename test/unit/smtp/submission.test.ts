/** The main job over real sockets: a login over TLS sends a message, and intake gets exactly what was sent. */
import { expect, test } from 'vitest';
import { Refusal } from '#core';
import { startServer } from './support/server.js';
import { base64, SmtpClient } from './support/smtp-client.js';

test('a message sent after STARTTLS and AUTH PLAIN is accepted once, with its envelope', async () => {
  const { port, intake } = await startServer();
  const client = await SmtpClient.ready(port);
  await client.startTls();
  await client.login();
  await client.command('MAIL FROM:<Sender@A.test> SIZE=100 BODY=8BITMIME', /^250 2\.1\.0 /);
  await client.command('RCPT TO:<one@ext.test>', /^250 2\.1\.5 /);
  await client.command('RCPT TO:<two@ext.test>', /^250 2\.1\.5 /);
  await client.command('DATA', /^354 /);
  await client.command('Subject: hi\r\n\r\n..stuffed\r\n.', /^250 2\.0\.0 Ok: queued as <m1@test>$/);
  await client.command('QUIT', /^221 2\.0\.0 /);
  expect(intake.kept).toHaveLength(1);
  const [kept] = intake.kept;
  expect(kept?.bytes.toString()).toBe('Subject: hi\r\n\r\n.stuffed\r\n');
  expect(kept).toMatchObject({
    account: 1,
    domain: { name: 'a.test' },
    method: 'smtp',
    isAuthenticated: true,
    remoteAddress: '127.0.0.1',
    helo: 'client.test',
    protocol: 'ESMTPSA',
    sender: 'Sender@a.test',
    recipients: ['one@ext.test', 'two@ext.test'],
  });
});

test('under pressure MAIL is refused, with or without a close as the refusal asks, and works again after', async () => {
  const { port, intake } = await startServer();
  const client = await SmtpClient.ready(port);
  await client.startTls();
  await client.login();
  intake.pressure = new Refusal({ smtpCode: 452, enhancedCode: '4.3.1', httpStatus: 507, text: 'Insufficient system storage' });
  await client.command('MAIL FROM:<x@a.test>', /^452 4\.3\.1 Insufficient system storage$/);
  await client.command('RCPT TO:<one@ext.test>', /^503 /);
  intake.pressure = undefined;
  await client.command('MAIL FROM:<x@a.test>', /^250 /);
  await client.command('RSET', /^250 /);
  intake.pressure = new Refusal({ smtpCode: 421, enhancedCode: '4.3.2', httpStatus: 503, text: 'Service is overloaded' });
  await client.command('MAIL FROM:<x@a.test>', /^421 4\.3\.2 Service is overloaded$/);
  await client.closed();
  expect(intake.kept).toEqual([]);
});

test('implicit TLS and AUTH LOGIN work, and several messages go over one connection', async () => {
  const { tlsPort, intake } = await startServer();
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.command('AUTH LOGIN', /^334 VXNlcm5hbWU6$/);
  await client.command(base64('user@b.test'), /^334 UGFzc3dvcmQ6$/);
  await client.command(base64('secret-b'), /^235 2\.7\.0 /);
  for (let count = 1; count <= 3; count++) {
    client.send('MAIL FROM:<x@b.test>\r\nRCPT TO:<y@ext.test>\r\nDATA\r\n');
    await client.expect(/^250 2\.1\.0/);
    await client.expect(/^250 2\.1\.5/);
    await client.expect(/^354/);
    await client.command(`n: ${count}\r\n\r\n.`, new RegExp(`queued as <m${count}@test>`));
  }
  expect(intake.kept.map((kept) => [kept.account, kept.domain.name, kept.protocol])).toEqual(Array(3).fill([2, 'b.test', 'ESMTPSA']));
});

test('a trusted network sends without AUTH, from hosted domains only', async () => {
  const { port, intake } = await startServer({ trusted: (ip) => ip === '127.0.0.1' });
  const client = await SmtpClient.ready(port);
  await client.command('MAIL FROM:<x@elsewhere.test>', /^250 /);
  await client.command('RCPT TO:<y@ext.test>', /^550 5\.7\.1 relaying denied/);
  await client.command('RSET', /^250 2\.0\.0/);
  await client.command('MAIL FROM:<x@b.test>', /^250 /);
  await client.command('RCPT TO:<y@ext.test>', /^250 /);
  await client.command('DATA', /^354 /);
  await client.command('a: b\r\n\r\n.', /^250 2\.0\.0/);
  expect(intake.kept[0]).toMatchObject({ account: 2, isAuthenticated: false, protocol: 'ESMTP', sender: 'x@b.test' });
});

test('EHLO announces what is there, AUTH over TLS only', async () => {
  const { port } = await startServer();
  const client = await SmtpClient.connect(port);
  await client.expect(/^220 mail\.a\.test ESMTP$/);
  const clear = await client.command('EHLO client.test', /^250/);
  expect(
    clear
      .split('\r\n')
      .map((line) => line.slice(4))
      .sort(),
  ).toEqual(['mail.a.test', '8BITMIME', 'ENHANCEDSTATUSCODES', 'PIPELINING', 'SIZE 26214400', 'SMTPUTF8', 'STARTTLS'].sort());
  await client.startTls();
  const secure = await client.command('EHLO client.test', /^250/);
  expect(secure).toContain('AUTH PLAIN LOGIN');
  expect(secure).not.toContain('STARTTLS');
});
