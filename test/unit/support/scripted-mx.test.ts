import { createConnection } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeSelfSignedCertificate } from '#net';
import { type Action, type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type Dialog, openDialog } from '../../support/smtp-dialog.mjs';
import { waitFor } from '../../support/wait-for.mjs';

let mx: ScriptedMx;
let dialog: Dialog | undefined;
afterEach(async () => {
  await dialog?.close();
  await mx.close();
});

async function greet(options: ScriptedMxOptions = {}): Promise<Dialog> {
  mx = await startScriptedMx(options);
  dialog = await openDialog({ port: mx.port, tls: options.implicitTls ?? false, timeoutMs: 2000 });
  await dialog.expect(220);
  await dialog.command('EHLO client.test', 250);
  return dialog;
}

async function envelope(on: Dialog): Promise<void> {
  await on.command('MAIL FROM:<a@a.test> SIZE=9 BODY=8BITMIME', 250);
  await on.command('RCPT TO:<b@b.test>', 250);
  await on.command('DATA', 354);
}

const pair = () => makeSelfSignedCertificate({ hostname: 'mx.test', notBefore: systemClock.now() - 60_000 });

describe('a message', () => {
  it('is kept as it was on the wire and with its dots undone', async () => {
    const on = await greet();
    await envelope(on);
    const raw = '..first\r\nbare\nline \0 \xff\r\n...\r\n.x\r\n\n.\n\r\n\r.\r\r\n';
    on.sendRaw(Buffer.from(`${raw}.\r\n`, 'latin1'));
    await on.expect(250);
    expect(mx.messages).toMatchObject([
      {
        mailFrom: 'a@a.test',
        mailParameters: 'SIZE=9 BODY=8BITMIME',
        rcptTo: ['b@b.test'],
        helo: 'client.test',
        tls: false,
        accepted: true,
      },
    ]);
    expect(mx.messages[0]?.raw.toString('latin1')).toBe(raw);
    expect(mx.messages[0]?.data.toString('latin1')).toBe('.first\r\nbare\nline \0 \xff\r\n..\r\nx\r\n\n.\n\r\n\r.\r\r\n');
  });

  it('may come in one segment with the whole session, or byte by byte', async () => {
    mx = await startScriptedMx();
    const session = 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@b.test>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n';
    createConnection(mx.port, '127.0.0.1').end(session).resume();
    await mx.waitForMessages(1);
    const slow = createConnection(mx.port, '127.0.0.1').setNoDelay();
    slow.resume();
    for (const byte of session) slow.write(byte);
    const [one, other] = await mx.waitForMessages(2);
    expect([one?.data.toString(), other?.data.toString()]).toEqual(['hello\r\n', 'hello\r\n']);
    await waitFor(() => mx.connections.open === 0, { what: 'both to be gone' });
    expect(mx.connections).toMatchObject({ open: 0, total: 2 });
    expect(mx.sessions[0]?.received.toString()).toBe(session);
  });

  it('counts as an attempt only, when it is refused or never answered', async () => {
    const on = await greet({ script: { dot: ['451 4.3.0 later', 'reset'] } });
    await envelope(on);
    await on.command('x\r\n.', 451);
    await envelope(on);
    on.send('y\r\n.');
    await on.expectClosed();
    expect([mx.messages.length, mx.attempts.map(({ accepted }) => accepted)]).toEqual([0, [false, false]]);
  });
});

describe('recipients', () => {
  it('have their own replies', async () => {
    const on = await greet({ recipients: { 'no@b.test': '550 5.1.1 unknown', 'later@b.test': ['450 4.2.0 later', 'default'] } });
    await on.command('MAIL FROM:<a@a.test>', 250);
    await on.command('RCPT TO:<no@b.test>', 550);
    await on.command('RCPT TO:<later@b.test>', 450);
    await on.command('RCPT TO:<constructor>', 250);
    await on.command('DATA', 354);
    await on.command('.', 250);
    expect(mx.messages[0]?.rcptTo).toEqual(['constructor']);
  });
});

describe('misbehaviour at the banner', () => {
  const failing: [Action, RegExp][] = [
    ['close', /connection closed/],
    ['reset', /connection closed|ECONNRESET/],
    ['silence', /nothing for/],
    ['garbage', /nothing for/],
    ['endless', /nothing for/],
    [{ reply: '421 4.3.2 busy', close: true }, /expected 220, got: 421/],
    ['554 no', /expected 220, got: 554/],
    [{ drip: true, everyMs: 100 }, /nothing for/],
  ];
  it.each(failing)('%j', async (banner, message) => {
    mx = await startScriptedMx({ script: { banner } });
    const failed = openDialog({ port: mx.port, timeoutMs: 300 }).then(async (opened) => {
      dialog = opened;
      return opened.expect(220);
    });
    await expect(failed).rejects.toThrow(message);
  });

  it('a 2 MB line, and a slow byte at a time, are replies after all', async () => {
    mx = await startScriptedMx({ script: { banner: 'huge-line', ehlo: { drip: '250 slow', everyMs: 1 } } });
    dialog = await openDialog({ port: mx.port });
    expect((await dialog.expect(220)).text.length).toBeGreaterThan(2_000_000);
    expect((await dialog.command('EHLO x', 250)).text).toBe('250 slow');
  });
});

describe('TLS', () => {
  it('is offered, taken up, and forgets what was said before', async () => {
    const on = await greet({ tls: await pair(), auth: { user: 'u', pass: 'p' } });
    on.sendRaw('STARTTLS\r\nMAIL FROM:<injected@a.test>\r\n');
    await on.expect(220);
    await on.startTls({ servername: 'mx.test' });
    expect((await on.command('EHLO again.test', 250)).lines).not.toContain('250-STARTTLS');
    await on.command(`AUTH PLAIN ${Buffer.from('\0u\0p').toString('base64')}`, 235);
    await envelope(on);
    await on.command('.', 250);
    expect(mx.messages).toMatchObject([{ tls: true, auth: 'u', helo: 'again.test' }]);
    expect(mx.sessions[0]).toMatchObject({ tls: true, tlsVersion: 'TLSv1.3', servername: 'mx.test' });
    expect(mx.sessions[0]?.bytesBeforeTls.toString()).toBe('MAIL FROM:<injected@a.test>\r\n');
  });

  it.each<[Action]>([['close'], ['reset'], ['220 plaintext instead'], ['garbage']])('fails in the handshake by %j', async (handshake) => {
    const on = await greet({ tls: await pair(), script: { handshake } });
    await on.command('STARTTLS', 220);
    await expect(on.startTls()).rejects.toThrow();
  });

  it('is there from the first byte when implicit, with AUTH LOGIN', async () => {
    const on = await greet({ tls: await pair(), implicitTls: true, auth: { user: 'u', pass: 'p' } });
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    await on.command('AUTH LOGIN', 334);
    await on.command(base64('u'), 334);
    await on.command(base64('wrong'), 535);
    await on.command(`AUTH LOGIN ${base64('u')}`, 334);
    await on.command(base64('p'), 235);
    await on.command('QUIT', 221);
    await on.expectClosed();
    expect(mx.sessions[0]?.auth).toBe('u');
  });
});

describe('waiting for messages', () => {
  it('gives up with a word on what there is', async () => {
    mx = await startScriptedMx();
    await expect(mx.waitForMessages(1, 50)).rejects.toThrow('in vain for 1 messages (there are 0)');
  });
});
