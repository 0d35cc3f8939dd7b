import { type AddressInfo, createServer } from 'node:net';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { afterEach, describe, expect, it } from 'vitest';
import { type ReceivedMessage, type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { DKIM_RECORD, type Harness, type MessageFields, makeHarness, QUICK } from './support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

async function start(options: ScriptedMxOptions = {}): Promise<Harness> {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port });
  return harness;
}

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

const HEAD = 'From: a@src.test\r\nTo: b@dst.test\r\nSubject: hello\r\nMIME-Version: 1.0\r\n';
const TEXT = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n';
const NO_8BIT = ['PIPELINING', 'ENHANCEDSTATUSCODES'];

async function receive(fields: MessageFields): Promise<ReceivedMessage> {
  const [settled] = await harness.send(fields);
  const message = mx.messages.at(-1);
  if (settled?.event.event !== 'delivered' || message === undefined) throw new Error(`not delivered: ${JSON.stringify(settled?.event)}`);
  return message;
}

async function dkimResult(message: ReceivedMessage): Promise<string> {
  const resolver = async (name: string, type: string) => {
    if (name !== 's1._domainkey.src.test' || type !== 'TXT') throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
    return [[DKIM_RECORD]];
  };
  const { results } = await dkimVerify(message.data, { resolver });
  return results
    .map(({ status, signingDomain }: { status: { result: string }; signingDomain: string }) => `${status.result} ${signingDomain}`)
    .join();
}

const bodyOf = ({ data }: ReceivedMessage) => data.subarray(data.indexOf('\r\n\r\n') + 4);

const LONG = `${'long line '.repeat(200)}\r\nshort\r\n`;
const CASES: [name: string, raw: string, extensions?: string[]][] = [
  ['plain text', `${HEAD}\r\nHello.\r\n`],
  ['an empty body', `${HEAD}\r\n`],
  ['no final line end', `${HEAD}\r\nno newline at the end`],
  ['trailing empty lines', `${HEAD}\r\ntext \t \r\n\r\n\r\n`],
  ['8-bit text', `${HEAD}${TEXT}\r\nGrüße, 世界\u00a0!\r\n`],
  ['8-bit text to a peer without 8BITMIME', `${HEAD}${TEXT}\r\nGrüße, 世界\u00a0!\r\n`, NO_8BIT],
  ['long lines', `${HEAD}${TEXT}\r\n${LONG}`],
  ['8-bit long lines to a peer without 8BITMIME', `${HEAD}${TEXT}\r\nü ${LONG}`, NO_8BIT],
  [
    'a multipart with an 8-bit part to a peer without 8BITMIME',
    `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${TEXT}\r\nGrüße\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n`,
    NO_8BIT,
  ],
  ['an 8-bit subject', `From: a@src.test\r\nSubject: Grüße\r\n\r\nHello.\r\n`],
  ['dots', `${HEAD}\r\n.\r\n..\r\n.x\r\n...\r\n\r\n.\r\n`],
];

describe.each(CASES)('%s', (_name, raw, extensions) => {
  it.each([
    ['in memory', undefined],
    ['from a file in small chunks', 3],
    ['from a file', 65_536],
  ])('arrives with a valid signature (%s)', async (_how, chunkSize) => {
    await start(extensions === undefined ? {} : { extensions });
    const message = await receive({ raw, ...(chunkSize === undefined ? {} : { chunkSize }) });
    expect(await dkimResult(message)).toBe('pass src.test');
    expect(
      message.raw
        .toString('latin1')
        .split('\r\n')
        .every((line) => line.length <= 998),
    ).toBe(true);
    if (extensions !== undefined) expect(bodyOf(message).every((byte) => byte < 128)).toBe(true);
  });
});

describe('the bytes', () => {
  it('are those that were stored, whatever dots they hold and however they are cut', async () => {
    await start();
    const body = ['.', '..', '.x', '\r\n.\r\n', 'a\r\n.b\r\n', '.\r\n.\r\n', 'end.\r\n'].join('');
    for (const chunkSize of [undefined, 1, 2, 3, 5, 7]) {
      const message = await receive({ raw: `${HEAD}\r\n${body}`, ...(chunkSize === undefined ? {} : { chunkSize }) });
      expect(bodyOf(message).toString()).toBe(body);
    }
  });

  it('of a large file arrive whole, with the size announced at MAIL', async () => {
    await start();
    const body = Array.from({ length: 60_000 }, (_, index) => `${index % 7 === 0 ? '.' : ''}line ${index} of the large body\r\n`).join('');
    const message = await receive({ raw: `${HEAD}\r\n${body}`, chunkSize: 65_536 });
    expect(bodyOf(message).toString() === body).toBe(true);
    expect(message.mailParameters).toContain(`SIZE=${message.data.length}`);
    expect(await dkimResult(message)).toBe('pass src.test');
  });

  it('are declared 8-bit when they are', async () => {
    await start();
    expect((await receive({ raw: `${HEAD}${TEXT}\r\nGrüße\r\n` })).mailParameters).toContain('BODY=8BITMIME');
    expect((await receive({})).mailParameters).not.toContain('BODY=8BITMIME');
  });

  it('go unsigned when the sender does not want a signature', async () => {
    await start();
    expect((await receive({ options: { dkim: false } })).data.toString()).not.toContain('DKIM-Signature');
  });

  it('of a bounce go out from the null sender', async () => {
    await start();
    expect((await receive({ sender: '' })).mailFrom).toBe('');
  });

  it('that cannot be read keep the mail waiting; the peer gets no message and the event no path', async () => {
    await start();
    const lost = harness.put({ chunkSize: 10 });
    harness.files.clear();
    const [settled] = await harness.settledFor(lost);
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status'].message).toContain('the stored message could not be read');
    expect(JSON.stringify(settled)).not.toContain('secret');
    expect(mx.attempts).toEqual([]);
  });
});

describe('what a peer cannot take', () => {
  it('is a permanent failure for a UTF-8 address without SMTPUTF8; others are not affected', async () => {
    await start({ extensions: ['8BITMIME'] });
    const settled = await harness.send({}, 'grüße@dst.test', 'b@dst.test');
    expect(settled[0]?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 553, 'enhanced-code': '5.6.7' } });
    expect(settled[1]?.event.event).toBe('delivered');
    mx.extensions = ['8BITMIME', 'SMTPUTF8'];
    await harness.delivery.stop(0);
    harness = makeHarness({ port: mx.port });
    await harness.send({}, 'grüße@dst.test');
    expect(mx.messages.at(-1)).toMatchObject({ rcptTo: ['grüße@dst.test'] });
    expect(mx.messages.at(-1)?.mailParameters).toContain('SMTPUTF8');
  });

  it('is a permanent failure for a message larger than its SIZE, without MAIL', async () => {
    await start({ extensions: ['SIZE 1000'] });
    const [settled] = await harness.send({ raw: `${HEAD}\r\n${'x'.repeat(70)}\r\n`.repeat(20) });
    expect(settled?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 552, 'enhanced-code': '5.3.4' } });
    expect(mx.sessions[0]?.commands.some((line) => line.startsWith('MAIL'))).toBe(false);
  });

  it('may be said before it has all of the message; that connection is not used again', async () => {
    await start({ script: { data: { reply: '354 go on\r\n552 5.3.4 too much' } } });
    const body = 'x'.repeat(70).concat('\r\n').repeat(200_000);
    const [settled] = await harness.send({ raw: `${HEAD}\r\n${body}`, chunkSize: 65_536 });
    expect(settled?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 552 } });
    mx.script = {};
    await harness.send();
    expect(mx.sessions.length).toBe(2);
  });
});

it('a peer that stops reading is left at the deadline, and the message is not called uncertain', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 slow\r\n');
    socket.on('data', (chunk) => {
      if (chunk.includes('EHLO')) socket.write('250-slow\r\n250 PIPELINING\r\n');
      else if (chunk.includes('DATA')) socket.pause().write('250 ok\r\n250 ok\r\n354 go\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mx = await startScriptedMx();
  harness = makeHarness({ port: (server.address() as AddressInfo).port, timeouts: QUICK });
  const [settled] = await harness.send({ raw: `${HEAD}\r\n${'x'.repeat(78).concat('\r\n').repeat(200_000)}`, chunkSize: 65_536 });
  server.close();
  expect(settled?.verdict.kind).toBe('defer');
  expect(settled?.event['delivery-status'].message).toMatch(/timed out \(data\)$/);
});
