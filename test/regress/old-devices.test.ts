/**
 * Printers and monitors in a trusted network end commands with a bare LF and name addresses without brackets; nobody else may, and never in
 * DATA. Reported: they could not send.
 */
import { expect, it } from 'vitest';
import { startServer } from '../unit/smtp/support/server.js';
import { SmtpClient } from '../unit/smtp/support/smtp-client.js';

const trusted = () => true;

it('takes them from a trusted network', async () => {
  const { port, intake } = await startServer({ trusted });
  const client = await SmtpClient.connect(port);
  await client.expect(/^220 /);
  const dialog: [string, RegExp][] = [
    ['HELO printer\n', /^250 /],
    ['MAIL FROM:x@a.test\n', /^250 2\.1\.0/],
    ['RCPT TO: y@ext.test\n', /^250 2\.1\.5/],
    ['RCPT TO:z@ext.test\r\n', /^250 2\.1\.5/],
    ['RCPT TO:\n', /^501 /],
    ['RCPT TO:nobody\n', /^501 /],
    ['RCPT TO:@relay.test:y@ext.test\n', /^550 5\.7\.1/],
    ['DATA\n', /^354 /],
  ];
  for (const [line, reply] of dialog) {
    client.send(line);
    await client.expect(reply);
  }
  // Neither of these is the end of the message, so what follows each is no command.
  client.send('Subject: Toner\n\nlow\n.\nRSET\n\r\n.\nQUIT\r\nend\r\n.\r\n');
  await client.expect(/^250 2\.0\.0 Ok: queued/);
  expect(intake.kept.map(({ recipients }) => recipients)).toEqual([['y@ext.test', 'z@ext.test']]);
  expect(intake.kept[0]?.bytes.toString()).toBe('Subject: Toner\n\nlow\n.\nRSET\n\r\n\nQUIT\r\nend\r\n');
  client.send('\nQUIT\n');
  await client.expect(/^500 5\.5\.2/);
  await client.expect(/^221 /);
});

it.each([
  ['a bare LF', 'NOOP\nMAIL FROM:<x@a.test>\r\n', /^500 5\.5\.2 lines end with CRLF/, true],
  ['MAIL without brackets', 'MAIL FROM:x@a.test\r\n', /^501 5\.5\.4/, false],
])('refuses %s from strangers', async (_, line, reply, closes) => {
  const { port } = await startServer();
  const client = await SmtpClient.ready(port);
  client.send(line);
  await client.expect(reply);
  if (closes) await client.closed();
  else await client.command('RCPT TO:x@a.test', /^503 /);
  expect(client.unread).toBe('');
});

it('refuses both after a login, too: a login is no network', async () => {
  const { port } = await startServer();
  const client = await SmtpClient.ready(port);
  await client.startTls();
  await client.login();
  await client.command('MAIL FROM:x@a.test', /^501 5\.5\.4/);
  client.send('NOOP\n');
  await client.expect(/^500 5\.5\.2/);
  await client.closed();
});
