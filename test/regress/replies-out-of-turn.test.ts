/**
 * Replies are matched to commands one by one. What cannot answer its command, or answers nothing, ends the session: no byte of a message
 * goes to a peer that did not say 354, and nothing counts as delivered but by an answer to its end. Reported: a reply that nobody asked for
 * counted for the next command, and a message as delivered by the answer to something else.
 */
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeSelfSignedCertificate } from '#net';
import { judgeReply } from '#smtp-client/judge-reply.js';
import { makeReplyReader } from '#smtp-client/reply-reader.js';
import { type Action, type ScriptedMx, type ScriptedMxOptions, type Stage, startScriptedMx } from '../support/scripted-mx.mjs';
import { type Harness, makeHarness } from '../unit/delivery/support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

async function start(options: ScriptedMxOptions): Promise<void> {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port });
}

const RAW = 'From: a@src.test\r\nTo: b@dst.test\r\nSubject: x\r\n\r\nHi\r\nMAIL FROM:<evil@src.test>\r\nRCPT TO:<victim@dst.test>\r\n';
const PLAIN = 'From: a@src.test\r\nTo: b@dst.test\r\nSubject: x\r\n\r\nHi\r\n';
const VERBS = /^(?:EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|RSET|QUIT)\b/;

/** Lines that the peer took for commands and that were none of ours. */
const strays = () => mx.sessions.flatMap(({ commands }) => commands).filter((line) => !VERBS.test(line) || /evil@|victim@/.test(line));

describe.each([
  ['with pipelining', undefined],
  ['without', ['8BITMIME']],
])('%s', (_name, extensions) => {
  it.each<[string, Partial<Record<Stage, Action>>]>([
    ['250 to DATA', { data: '250 2.0.0 Resetting' }],
    ['220 to DATA', { data: '220 hello again' }],
    ['221 to DATA', { data: '221 2.0.0 bye' }],
    ['334 to DATA', { data: '334 VXNlcm5hbWU6' }],
    ['354 to MAIL', { mail: '354 go' }],
    ['220 to MAIL', { mail: '220 mx.dst.test' }],
    ['354 to RCPT', { rcpt: '354 go' }],
    ['235 to RCPT', { rcpt: '235 welcome' }],
    ['250 to the connection', { banner: '250 mx.dst.test' }],
    ['354 to the connection', { banner: '354 go' }],
    ['220 to EHLO', { ehlo: '220 mx.dst.test' }],
    ['two greetings', { banner: '220 mx.dst.test\r\n220 mx.dst.test' }],
    ['two answers to EHLO', { ehlo: '250 mx.dst.test\r\n250 mx.dst.test' }],
    ['two answers to MAIL', { mail: '250 ok\r\n250 ok' }],
    ['two answers to RCPT', { rcpt: '250 ok\r\n250 ok' }],
    ['250 in the same breath as 354', { data: '354 go\r\n250 2.0.0 kept' }],
    ['354 twice', { data: '354 go\r\n354 go' }],
    ['a code of one digit class too many', { mail: '650 ok' }],
    ['a code of the first class', { data: '150 go' }],
    ['a line that is no reply', { rcpt: 'hello there' }],
    ['a line that is no reply among others', { mail: '250-ok\r\nhello there\r\n250 ok' }],
    ['four digits', { mail: '2500 ok' }],
    ['NULs', { mail: { bytes: Buffer.from('\0\0\x00250 ok\r\n') } }],
  ])('%s: nothing is sent, and it is tried again later', async (_what, script) => {
    await start({ script, extensions });
    const [settled] = await harness.send({ raw: RAW });
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'temporary' });
    expect(settled?.event['delivery-status'].message).toContain('reply out of turn');
    await expect.poll(() => mx.sessions.every(({ closed }) => closed)).toBe(true);
    expect(strays()).toEqual([]);
    expect(mx.attempts).toEqual([]);
  });

  it.each<[string, Partial<Record<Stage, Action>>, number]>([
    ['one answer too many to the end of the message', { dot: '250 2.0.0 kept\r\n250 2.0.0 kept' }, 3],
    ['a refusal behind the acceptance', { dot: '250 2.0.0 kept\r\n550 5.7.1 no' }, 3],
    ['half an answer too many', { dot: { bytes: Buffer.from('250 2.0.0 kept\r\n25') } }, 3],
  ])('%s: delivered once each, on sessions of their own', async (_what, script, sessions) => {
    await start({ script, extensions });
    for (let count = 0; count < 3; count++) {
      const [settled] = await harness.send({ raw: RAW });
      expect(settled?.event).toMatchObject({ event: 'delivered', 'delivery-status': { code: 250, 'attempt-no': 1 } });
    }
    expect(mx.messages.length).toBe(3);
    expect(mx.sessions.length).toBe(sessions);
    expect(strays()).toEqual([]);
  });

  it.each([
    ['354 to the end of the message', '354 go'],
    ['221 to the end of the message', '221 bye'],
    ['what is no reply', 'thank you'],
  ])('%s: it may have been delivered, and rests', async (_what, dot) => {
    await start({ script: { dot }, extensions });
    const [settled] = await harness.send({ raw: RAW });
    expect(settled?.event['delivery-status'].message).toMatch(/reply out of turn.*it may have been delivered$/);
    expect(settled?.event['delivery-status']['retry-seconds']).toBe(600);
    expect(mx.attempts.length).toBe(1);
  });

  it('a refusal in the same breath as 354 is one, and no byte goes out', async () => {
    await start({ script: { data: '354 go\r\n550 5.7.1 rather not' }, extensions });
    const [settled] = await harness.send({ raw: RAW });
    expect(settled?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 550, 'enhanced-code': '5.7.1' } });
    expect(mx.sessions.length).toBe(1);
    expect(strays()).toEqual([]);
    expect(mx.attempts).toEqual([]);
  });
});

/** A peer that says what the test says, when it says it. */
async function startRaw(answer: (line: string, say: (text: string) => void) => void): Promise<{ port: number; sessions: () => number }> {
  let sessions = 0;
  const server = createServer((socket) => {
    sessions++;
    socket.on('error', () => undefined);
    socket.write('220 raw.test\r\n');
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = `${rest}${chunk.toString('latin1')}`.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) answer(line, (text) => socket.write(`${text}\r\n`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, sessions: () => sessions };
}

const ANSWERS: [RegExp, string][] = [
  [/^EHLO/, '250 raw.test'],
  [/^(?:MAIL|RCPT|RSET)/, '250 ok'],
  [/^DATA$/, '354 go'],
  [/^\.$/, '250 kept'],
  [/^QUIT/, '221 bye'],
];
const usual = (line: string) => ANSWERS.find(([pattern]) => pattern.test(line))?.[1];

describe('a peer that speaks when nobody asked', () => {
  it.each(['250 kept', '25', '550 5.7.1 no', '421 4.4.2 idle for too long', 'hello'])(
    '%s while the session is kept: the next message has its own',
    async (word) => {
      let speak: (() => void) | undefined;
      const messages: string[] = [];
      const peer = await startRaw((line, say) => {
        const reply = usual(line);
        if (reply !== undefined) say(reply);
        if (line === '.') {
          messages.push(line);
          speak = () => say(word);
        }
      });
      mx = await startScriptedMx({});
      harness = makeHarness({ port: peer.port });
      await harness.send({ raw: PLAIN });
      speak?.();
      await expect.poll(() => harness.delivery.stats().connections.open).toBe(0);
      const [settled] = await harness.send({ raw: PLAIN });
      expect(settled?.event).toMatchObject({ event: 'delivered', 'delivery-status': { 'attempt-no': 1 } });
      expect(messages.length).toBe(2);
      expect(peer.sessions()).toBe(2);
    },
  );

  it('answers too late, as the next message begins: that one begins anew, and each is delivered once', async () => {
    let mails = 0;
    let dots = 0;
    const peer = await startRaw((line, say) => {
      // The answer to the message before comes a second time, when it can be taken for that to MAIL.
      if (line.startsWith('MAIL') && ++mails === 2) say('250 kept');
      const reply = usual(line);
      if (reply !== undefined) say(reply);
      if (line === '.') dots++;
    });
    mx = await startScriptedMx({});
    harness = makeHarness({ port: peer.port });
    for (let count = 0; count < 2; count++) {
      const [settled] = await harness.send({ raw: PLAIN });
      expect(settled?.event).toMatchObject({ event: 'delivered', 'delivery-status': { 'attempt-no': 1 } });
    }
    expect(dots).toBe(2);
    expect(peer.sessions()).toBe(2);
  });

  it('accepts the message before it left: that is no acceptance', async () => {
    let inData = false;
    const peer = await startRaw((line, say) => {
      const reply = usual(line);
      if (inData && line.startsWith('xxxx')) say('250 kept');
      if (reply !== undefined && !inData) say(reply);
      inData ||= line === 'DATA';
    });
    mx = await startScriptedMx({});
    harness = makeHarness({ port: peer.port });
    const [settled] = await harness.send({ raw: `${PLAIN}${`${'x'.repeat(76)}\r\n`.repeat(200_000)}`, chunkSize: 64 * 1024 });
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status'].message).toContain('250 kept before the end of the message');
    expect(settled?.event['delivery-status'].message).not.toContain('may have been delivered');
  });
});

describe('before the first message', () => {
  const login = { user: 'us', pass: 's3cret' };

  it.each([
    ['250 to AUTH', '250 2.0.0 ok'],
    ['two answers to AUTH', '235 2.7.0 welcome\r\n250 2.0.0 ok'],
    ['354 to AUTH', '354 go'],
  ])('%s: no session, and the password is not shown', async (_what, reply) => {
    mx = await startScriptedMx({ auth: login, script: { auth: reply } });
    const transports = [{ match: '*', host: '127.0.0.1', port: mx.port, tls: 'none' as const, login: login.user, password: login.pass }];
    harness = makeHarness({ port: 1, transports });
    const [settled] = await harness.send({ raw: PLAIN });
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'temporary' });
    expect(settled?.event['delivery-status'].message).toMatch(/reply out of turn.*AUTH/);
    expect(JSON.stringify(settled?.event)).not.toContain(Buffer.from(`\0${login.user}\0${login.pass}`).toString('base64'));
    expect(mx.sessions.flatMap(({ commands }) => commands).filter((line) => line.startsWith('MAIL'))).toEqual([]);
  });

  it.each(['250 2.0.0 go', '354 go'])('%s to STARTTLS is no TLS: nothing that must be encrypted is sent', async (reply) => {
    const { cert, key } = await makeSelfSignedCertificate({ hostname: 'mx.dst.test', notBefore: Date.now() });
    await start({ tls: { cert, key }, script: { starttls: reply } });
    const [settled] = await harness.send({ raw: PLAIN, options: { requireTls: true, skipVerification: true } });
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status'].message).toMatch(/TLS is required.*reply out of turn/);
    expect(mx.attempts).toEqual([]);
  });
});

it('a peer that refuses RSET is left, and the next message does not pay for it', async () => {
  await start({ script: { rcpt: ['550 5.1.1 nobody', 'default'], rset: '502 5.5.1 what is that' } });
  const [refused] = await harness.send({ raw: PLAIN });
  expect(refused?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 550 } });
  const [sent] = await harness.send({ raw: PLAIN });
  expect(sent?.event).toMatchObject({ event: 'delivered', 'delivery-status': { 'attempt-no': 1 } });
  expect(mx.sessions.length).toBe(2);
});

describe('what a code says to a command', () => {
  it.each([
    ['DATA', 354, 'goes on'],
    ['DATA', 250, 'out of turn'],
    ['RCPT', 251, 'goes on'],
    ['MAIL', 200, 'goes on'],
    ['MAIL', 221, 'out of turn'],
    ['dot', 250, 'ends'],
    ['dot', 354, 'out of turn'],
    ['dot', 235, 'out of turn'],
    ['AUTH', 334, 'goes on'],
    ['AUTH', 250, 'out of turn'],
    ['STARTTLS', 250, 'out of turn'],
    ['EHLO', 421, 'refuses'],
    ['QUIT', 354, 'ends'],
  ] as const)('%s, %i: %s', (command, code, meaning) => expect(judgeReply(command, code)).toBe(meaning));
});

describe('the reading of replies', () => {
  it('does not depend on how the bytes were cut', () => {
    const bytes = Buffer.from('220-a\r\n220 b\r\n\r\n250 ok\n250-x\r\n550 nö\r\n421');
    for (let size = 1; size <= bytes.length; size++) {
      const reader = makeReplyReader(1000);
      const replies = [];
      for (let from = 0; from < bytes.length; from += size) replies.push(...reader.push(bytes.subarray(from, from + size)).replies);
      expect(replies).toEqual([
        { code: 220, text: '220-a\n220 b', decided: '220-a\n220 b' },
        { code: 250, text: '250 ok', decided: '250 ok' },
        { code: 550, text: '250-x\n550 nö', decided: '550-x\n550 nö' },
      ]);
      expect(reader.isInside).toBe(true);
    }
  });

  it('takes bytes that are no UTF-8 for Latin-1', () => {
    expect(makeReplyReader(1000).push(Buffer.from('550 gr\xfc\xdfe\r\n', 'latin1')).replies[0]?.text).toBe('550 grüße');
  });

  it.each(['250-more\r\n', 'x', '\r\n'])('ends with %j without end', (piece) => {
    const reader = makeReplyReader(1000);
    let fault: string | undefined;
    let said = 0;
    for (; fault === undefined && said < 2000; said += piece.length) ({ fault } = reader.push(Buffer.from(piece)));
    expect(fault).toBe('a reply of more than 1000 bytes');
  });
});
