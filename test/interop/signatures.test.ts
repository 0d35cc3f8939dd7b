/**
 * Signatures hold after the whole way, for every kind of message over every door, before two verifiers that are not ours: mailauth (JavaScript) and
 * dkimpy (Python, package python3-dkim).
 */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { FormValue } from '../support/mailwagon-process.mjs';
import { openDialog } from '../support/smtp-dialog.mjs';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { needModule, PYTHON, run } from './support/peers.js';
import { openRelayWorld, type RelayWorld } from './support/relay-world.js';

const HEAD = 'From: Sender <sender@src.test>\r\nTo: rcpt@dst.test\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n';
const file = randomBytes(70_000);

interface Sample {
  name: string;
  /** Fields beside from, to and subject; without them this kind cannot be sent by parts. */
  parts?: Record<string, FormValue>;
  mime: string;
}

const attached = `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee file.\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${(file.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n')}\r\n--b--\r\n`;
const eightBit =
  'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße, Ζεύς, 漢字\r\n';

const SAMPLES: Sample[] = [
  {
    name: 'plain',
    parts: { text: 'Hello\n\n  two  spaces \t\n.\n..dots\n\n\n' },
    mime: `${HEAD}Subject: plain\r\n\r\nHello  there \t\r\n.\r\n..dots\r\n\r\n\r\n`,
  },
  {
    name: '8-bit',
    parts: { text: 'Grüße, Ζεύς, 漢字', subject: 'Grüße' },
    mime: `${HEAD}Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n${eightBit}`,
  },
  { name: 'empty body', mime: `${HEAD}Subject: empty\r\n\r\n` },
  {
    name: 'long line',
    parts: { text: `${'long '.repeat(1000)}\nshort` },
    mime: `${HEAD}Subject: long\r\n\r\n${'long '.repeat(1000)}\r\nshort\r\n`,
  },
  {
    name: 'attachment',
    parts: { text: 'See file.', attachment: { name: 'a.bin', bytes: file } },
    mime: `${HEAD}Subject: file\r\n${attached}`,
  },
  { name: 'no final newline', parts: { text: 'no newline' }, mime: `${HEAD}Subject: open\r\n\r\nno newline` },
];

const VERIFY = `
import sys, json, dkim
records = json.loads(sys.argv[1])
message = sys.stdin.buffer.read()
print(dkim.verify(message, dnsfunc=lambda name, timeout=5: records[name.decode().rstrip('.')].encode()))
`;

async function expectSigned(world: RelayWorld): Promise<void> {
  const { data } = await waitFor(() => world.arrived[0], { what: 'the mail' });
  expect(await verifyDkim(data, world.records)).toEqual(['pass']);
  const records = Object.fromEntries(world.records.map(({ name, value }) => [name, value]));
  const { text } = await run(PYTHON, ['-c', VERIFY, JSON.stringify(records)], { input: data });
  expect(text.trim()).toBe('True');
}

test.each(SAMPLES.filter(({ parts }) => parts !== undefined))('$name, sent by parts', async ({ parts }) => {
  needModule('dkim', 'python3-dkim');
  const world = await openRelayWorld();
  await world.send({ text: undefined, ...parts });
  await expectSigned(world);
});

test.each(SAMPLES)('$name, sent as MIME', async ({ mime }) => {
  needModule('dkim', 'python3-dkim');
  const world = await openRelayWorld();
  const form = { to: 'rcpt@dst.test', message: { name: 'message.mime', bytes: mime } };
  const { status, text } = await world.server.api('POST', '/v3/src.test/messages.mime', { form });
  expect([status, text]).toEqual([200, expect.stringContaining('Queued. Thank you.')]);
  await expectSigned(world);
});

test.each(SAMPLES)('$name, sent over SMTP', async ({ mime }) => {
  needModule('dkim', 'python3-dkim');
  const world = await openRelayWorld();
  const dialog = await openDialog({ port: world.words.SMTPS_PORT, tls: true });
  await dialog.expect('220');
  await dialog.command('EHLO client.test', '250');
  await dialog.command(`AUTH PLAIN ${Buffer.from(`\0${world.login}\0${world.password}`).toString('base64')}`, '235');
  await dialog.command('MAIL FROM:<sender@src.test> BODY=8BITMIME', '250');
  await dialog.command('RCPT TO:<rcpt@dst.test>', '250');
  await dialog.command('DATA', '354');
  // SMTP itself ends the last line.
  const ended = mime.endsWith('\r\n') ? mime : `${mime}\r\n`;
  dialog.sendRaw(`${ended.replace(/^\./gm, '..')}.\r\n`);
  await dialog.expect('250');
  await dialog.close();
  await expectSigned(world);
});
