/** The open relay list: every recipient trick with every sender, from a stranger; and the tricks a login may not play. None may be taken. */
import { expect, test } from 'vitest';
import { startServer } from './support/server.js';
import { SmtpClient } from './support/smtp-client.js';

const recipients = [
  '<victim@ext.test>',
  '<"victim@ext.test">',
  '<"victim%ext.test">',
  '<victim%ext.test@b.test>',
  '<victim%ext.test@[127.0.0.1]>',
  '<@b.test:victim@ext.test>',
  '<@b.test,@h2.test:victim@ext.test>',
  '<ext.test!victim>',
  '<ext.test!victim@b.test>',
  '<"victim@ext.test"@b.test>',
  '<victim@ext.test@b.test>',
  '<victim@[198.51.100.7]>',
  '<victim@b.test@ext.test>',
  '<victim@ext.test.>',
  '<victim@B.TEST.>',
  'victim@ext.test',
  '<victim@b.test@[127.0.0.1]>',
  `<${'x'.repeat(65)}@ext.test>`,
  `<victim@${'a.'.repeat(127)}test>`,
  '<>',
  '<postmaster>',
  '<victim@B.Test>',
  '<victim@b.test> ORCPT=rfc822;victim@ext.test',
  '<victim@ｂ.test>',
];
const senders = ['<>', '<x@localhost>', '<x>', '<x@b.test>', '<x@[127.0.0.1]>', '<victim@ext.test>'];

test(`a stranger relays none of ${recipients.length * senders.length} combinations`, async () => {
  const { port, intake } = await startServer({ limits: { errors: 10_000, idleCommands: 10_000 } });
  const client = await SmtpClient.ready(port);
  let tried = 0;
  for (const sender of senders) {
    for (const recipient of recipients) {
      const taken = (await client.command(`MAIL FROM:${sender}`, /^[25]/)).startsWith('250');
      const reply = await client.command(`RCPT TO:${recipient}`, /^/);
      expect(reply, `${sender} ${recipient}`).toMatch(
        taken ? /^5(?:01 5\.1\.3|01 5\.5\.4|50 5\.7\.1|53 5\.6\.7|55 5\.5\.4) |^450 4\.2\.1 / : /^503 5\.5\.1 /,
      );
      await client.command('DATA', /^503 5\.5\.1 /);
      await client.command('RSET', /^250 /);
      tried++;
    }
  }
  expect(tried).toBe(recipients.length * senders.length);
  expect(intake.kept).toEqual([]);
});

test('a trusted network relays for hosted sender domains only', async () => {
  const { port } = await startServer({ trusted: () => true, limits: { errors: 1000 } });
  const client = await SmtpClient.ready(port);
  for (const sender of senders.filter((each) => each !== '<x@b.test>')) {
    client.send(`RSET\r\nMAIL FROM:${sender}\r\nRCPT TO:<victim@ext.test>\r\nDATA\r\n`);
    await client.expect(/^250 /);
    await client.expect(/^[25]/);
    await client.expect(/^5(?:03|50) /);
    await client.expect(/^503 /);
  }
  await client.command('RSET', /^250/);
  await client.command('MAIL FROM:<x@off.test>', /^550 5\.7\.1 /);
});

test('a removed or changed credential sends nothing more over its open sessions', async () => {
  const { tlsPort, directory } = await startServer({ limits: { loginRecheckMs: 0 } });
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.login();
  await client.command('MAIL FROM:<x@a.test>', /^250 /);
  await client.command('RSET', /^250 /);
  directory.passwords.delete('user@a.test');
  await client.command('MAIL FROM:<x@a.test>', /^530 5\.7\.0 /);
  await client.command('MAIL FROM:<x@a.test>', /^250 /);
  await client.command('RCPT TO:<victim@ext.test>', /^550 5\.7\.1 relaying denied/);
  await client.command('RSET', /^250 /);
  await client.login('user@b.test', 'secret-b');
});

test('a login whose domain was disabled or removed sends nothing more', async () => {
  const { tlsPort, directory } = await startServer();
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.login();
  await client.command('MAIL FROM:<x@a.test>', /^250 /);
  await client.command('RSET', /^250 /);
  directory.hosted.delete('a.test');
  await client.command('MAIL FROM:<x@a.test>', /^530 5\.7\.0 /);
  await client.command('MAIL FROM:<x@a.test>', /^250 /);
  await client.command('RCPT TO:<victim@ext.test>', /^550 5\.7\.1 relaying denied/);
});
