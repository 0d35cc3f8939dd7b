/**
 * What was signed or encrypted arrives byte for byte, or its sender is told why not (RFC 1847 2.1, RFC 3156 3, RFC 8551 3.1). Reported: a
 * signed part was made quoted-printable on the way, and its signature verified no more.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { parseHead, type ReencodeReasons, reencodeFor7Bit, SealedContent } from '#mail';
import { openWorld } from '../scenarios/support/world.js';
import { type ScriptedMx, startScriptedMx } from '../support/scripted-mx.mjs';
import { type Harness, makeHarness } from '../unit/delivery/support/harness.js';

const BOTH: ReencodeReasons = { eightBit: true, longLines: true };
const LONG = 'w'.repeat(1200);

const part = (type: string, content: string, fields = '') => `Content-Type: ${type}\r\n${fields}\r\n${content}\r\n`;
const text = (content: string) => part('text/plain; charset=utf-8', content, 'Content-Transfer-Encoding: 8bit\r\n');
const multi = (type: string, boundary: string, ...parts: string[]) =>
  `Content-Type: ${type}; boundary="${boundary}"\r\n\r\n${parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}--${boundary}--\r\n`;
const signature = part('application/pkcs7-signature', 'MIIB', 'Content-Transfer-Encoding: base64\r\n');
const signed = (content: string) =>
  multi('multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"', 's1', content, signature);

/** By what is around and in the seal; each holds `content` where it may not change. */
const SEALED: [string, (content: string) => string][] = [
  ['S/MIME', (content) => signed(text(content))],
  [
    'PGP/MIME encrypted',
    (content) =>
      multi(
        'multipart/encrypted; protocol="application/pgp-encrypted"',
        'e1',
        part('application/pgp-encrypted', 'Version: 1'),
        part('application/octet-stream', content),
      ),
  ],
  ['opaque S/MIME', (content) => part('application/pkcs7-mime; smime-type=signed-data', content, 'Content-Transfer-Encoding: 8bit\r\n')],
  ['opaque S/MIME of old', (content) => part('application/x-pkcs7-mime', content)],
  ['a signed part among others', (content) => multi('multipart/mixed', 'm1', text('grüße'), signed(text(content)))],
  ['a multipart that is signed', (content) => signed(multi('multipart/alternative', 'a1', text('x'), text(content)))],
  [
    'words between signed parts',
    (content) => signed(multi('multipart/mixed', 'a1', text('x')).replace('\r\n\r\n--a1', `\r\n\r\n${content}\r\n--a1`)),
  ],
  ['words behind signed parts', (content) => signed(`${multi('multipart/mixed', 'a1', text('x'))}${content}\r\n`)],
  ['the head of a signed part', (content) => signed(part(`application/octet-stream; name="${content}"`, 'x'))],
  ['a message in a signed part', (content) => signed(part('message/rfc822', `Subject: x\r\n\r\n${content}`))],
  ['the head of a message in a signed part', (content) => signed(part('message/rfc822', `Subject: ${content}\r\n\r\nx`))],
  [
    'a signed message that is attached',
    (content) => multi('multipart/mixed', 'm1', part('message/rfc822', `Subject: x\r\n${signed(text(content))}`)),
  ],
  ['a signed multipart without a boundary', (content) => part('multipart/signed', content)],
];

async function encode(message: string, reasons: ReencodeReasons, chunkSize = 1 << 20): Promise<string> {
  const bytes = Buffer.from(message);
  const split = bytes.indexOf('\r\n\r\n') + 2;
  const body = bytes.subarray(split + 2);
  const chunks: Buffer[] = [];
  for (let from = 0; from < body.length; from += chunkSize) chunks.push(body.subarray(from, from + chunkSize));
  const made = await reencodeFor7Bit(parseHead(bytes.subarray(0, split)), chunks, reasons);
  const out: Uint8Array[] = [];
  for await (const chunk of made.body) out.push(chunk);
  return Buffer.concat(out).toString();
}

describe.each(SEALED)('%s', (_name, make) => {
  it.each([
    ['8-bit bytes', 'héllo', 'eightBit'],
    ['a long line', LONG, 'longLine'],
    ['both, far behind', `${'line\r\n'.repeat(30_000)}é${LONG}`, 'eightBit'],
  ] as const)('is not encoded anew for %s', async (_what, content, unfitness) => {
    await expect(encode(make(content), BOTH)).rejects.toMatchObject({ name: 'SealedContent', unfitness });
    await expect(encode(make(content), BOTH, 7)).rejects.toThrow(SealedContent);
  });

  it('is not touched where a peer takes what is in it', async () => {
    const long = make(LONG);
    expect(await encode(long, { eightBit: true, longLines: false })).toContain(LONG);
    expect(await encode(make('héllo'), { eightBit: false, longLines: true })).toContain('héllo');
  });
});

it('the rest of the message is encoded, and the seal keeps every byte', async () => {
  const seal = signed(`Content-Type: text/plain \r\n\tx-odd : folding\r\nX-Odd:no blank\r\n\r\ntrailing blanks  \r\n--  \r\n.dot\r\n`);
  const message = multi('multipart/mixed', 'm1', text('grüße'), seal, text(LONG));
  for (const chunkSize of [1 << 20, 13]) {
    const made = await encode(message, BOTH, chunkSize);
    expect(made).toContain(seal.slice(seal.indexOf('\r\n\r\n')));
    expect(made).toContain('gr=C3=BC=C3=9Fe');
    expect(Buffer.from(made).some((byte) => byte > 127)).toBe(false);
    expect(Math.max(...made.split('\r\n').map((line) => line.length))).toBeLessThan(999);
  }
});

const HEAD = 'From: Sender <a@src.test>\r\nTo: b@dst.test\r\nSubject: x\r\nMessage-ID: <1@src.test>\r\nMIME-Version: 1.0\r\n';

describe('delivered', () => {
  let mx: ScriptedMx;
  let harness: Harness;

  afterEach(async () => {
    await harness.delivery.stop(0);
    await mx.close();
  });

  it('nowhere without 8BITMIME: it fails with the reason', async () => {
    mx = await startScriptedMx({ extensions: ['SIZE 50000000'] });
    harness = makeHarness({ port: mx.port });
    const raw = `${HEAD}${signed(text('héllo'))}`;
    for (const chunkSize of [undefined, 10]) {
      const [settled] = await harness.send({ raw, chunkSize });
      expect(settled?.event).toMatchObject({
        severity: 'permanent',
        'delivery-status': { code: 554, 'enhanced-code': '5.6.2', 'mx-host': 'mx.dst.test' },
      });
      expect(settled?.event['delivery-status'].message).toBe(
        '5.6.2 Message has 8-bit bytes in a signed or encrypted part, which may not be encoded anew, and mx.dst.test takes none (8BITMIME)',
      );
    }
    expect(mx.attempts).toEqual([]);
  });

  it('as it is where 8BITMIME is offered', async () => {
    mx = await startScriptedMx();
    harness = makeHarness({ port: mx.port });
    const seal = signed(text('héllo  '));
    const [settled] = await harness.send({ raw: `${HEAD}${seal}` });
    expect(settled?.event.event).toBe('delivered');
    expect(mx.messages[0]?.data.toString()).toContain(seal);
  });

  it('never with a long line', async () => {
    mx = await startScriptedMx();
    harness = makeHarness({ port: mx.port });
    const [settled] = await harness.send({ raw: `${HEAD}${signed(text(LONG))}` });
    expect(settled?.event['delivery-status'].message).toContain('a line of more than 998 bytes in a signed or encrypted part');
  });
});

it('the sender is told at once where that is known', async () => {
  const world = await openWorld();
  const mime = (raw: string, form = {}) =>
    world.server.api('POST', '/v3/src.test/messages.mime', {
      form: { to: 'b@dst.test', message: { name: 'message.eml', bytes: Buffer.from(raw), type: 'message/rfc822' }, ...form },
    });
  const raw = HEAD.replace('a@src.test', 'sender@src.test');

  const long = await mime(`${raw}${signed(text(LONG))}`);
  expect([long.status, long.body.message]).toEqual([
    400,
    'A signed or encrypted part has a line of more than 998 bytes, and may not be encoded anew',
  ]);
  const submitted = await world.submit({ raw: `${raw}${signed(text(LONG))}`, envelope: { from: 'sender@src.test', to: 'b@dst.test' } });
  expect(submitted).toMatchObject({ code: 554, text: expect.stringContaining('5.6.2') });

  const variables = { 'recipient-variables': JSON.stringify({ 'b@dst.test': { name: 'Bob' } }) };
  const filled = await mime(`${raw}${signed(text('Hello %recipient.name%'))}`, variables);
  expect([filled.status, filled.body.message]).toEqual([400, 'Recipient variables cannot be filled into a signed or encrypted part']);
  await world.server.api('POST', '/v3/src.test/templates', { form: { name: 'welcome', template: 'Welcome' } });
  const templated = await mime(`${raw}X-Mailgun-Template-Name: welcome\r\n${signed(text('Hello'))}`);
  expect([templated.status, templated.body.message]).toEqual([400, 'A template cannot replace the text of a signed or encrypted part']);

  const seal = signed(text('Hello  \r\n\r\n'));
  expect((await mime(`${raw}${seal}`, variables)).status).toBe(200);
  const [message] = await world.mx.waitForMessages(1);
  expect(message?.data.toString()).toContain(seal);
});
