/** Ten megabytes stream through byte for byte; twenty-six are refused at both doors, and nothing of them is kept. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDialog } from '../support/smtp-dialog.mjs';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { file, openWorld, readMessage, type World } from './support/world.js';

const MB = 1024 * 1024;

test.each(['HTTP', 'SMTP'])('an attachment of 10 MB over %s arrives whole', async (door) => {
  const world = await openWorld();
  const bytes = randomBytes(10 * MB);
  if (door === 'HTTP') await world.send({ attachment: file('big.bin', bytes, 'application/octet-stream') });
  else expect(await world.submit({ attachments: [{ filename: 'big.bin', content: bytes }] })).toMatchObject({ code: 250 });

  await world.waitForEvents({ accepted: 1, delivered: 1 });
  const [message] = world.mx.messages;
  if (message === undefined) throw new Error('nothing arrived');
  const [, encoded = ''] = /filename="?big\.bin"?[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)\r\n--/.exec(readMessage(message.data).body) ?? [];
  expect(Buffer.from(encoded, 'base64').equals(bytes)).toBe(true);
  expect(await verifyDkim(message.data, world.records)).toEqual(['pass']);
});

test('26 MB are refused at both doors', async () => {
  const world = await openWorld();
  const { status, body } = await world.server.api('POST', '/v3/src.test/messages', {
    form: { from: 'a@src.test', to: 'b@dst.test', subject: 's', text: 't', attachment: file('big.bin', randomBytes(26 * MB)) },
  });
  expect([status, typeof body.message]).toEqual([413, 'string']);

  const dialog = await loggedIn(world);
  await dialog.command(`MAIL FROM:<a@src.test> SIZE=${26 * MB}`, '552');
  await dialog.command('MAIL FROM:<a@src.test>', '250');
  await dialog.command('RCPT TO:<b@dst.test>', '250');
  await dialog.command('DATA', '354');
  const line = `${'x'.repeat(76)}\r\n`;
  const chunk = line.repeat(Math.ceil(MB / line.length));
  dialog.sendRaw('Subject: big\r\n\r\n');
  for (let sent = 0; sent < 26; sent++) dialog.sendRaw(chunk);
  dialog.sendRaw('.\r\n');
  await dialog.expect('552');
  // The end of the refused message is where it was: the session goes on.
  await dialog.command('NOOP', '250');
  await dialog.close();

  expect(await world.events()).toEqual([]);
  expect(filesIn(world, 'spool')).toEqual([]);
  expect(filesIn(world, 'tmp')).toEqual([]);
});

const filesIn = ({ server }: World, folder: string) =>
  readdirSync(join(server.dataDir, folder), { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  );

async function loggedIn(world: World) {
  const dialog = await openDialog({ port: world.server.addresses.smtp[0] ?? 0, timeoutMs: 20_000 });
  await dialog.expect('220');
  await dialog.command('EHLO client.test', /^250[\s\S]*SIZE 26214400/);
  await dialog.command('STARTTLS', '220');
  await dialog.startTls();
  await dialog.command('EHLO client.test', '250');
  await dialog.command(`AUTH PLAIN ${Buffer.from(`\0${world.login}\0${world.password}`).toString('base64')}`, '235');
  return dialog;
}
