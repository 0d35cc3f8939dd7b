/** Random conversations made of pieces that matter: whatever comes, each reply is well-formed, nobody relays, and the server stays open. */
import { expect, test } from 'vitest';
import { startServer } from './support/server.js';
import { plain, SmtpClient } from './support/smtp-client.js';

const pieces = [
  'EHLO x\r\n',
  'HELO x\r\n',
  'MAIL FROM:<x@a.test>\r\n',
  'MAIL FROM:<> SMTPUTF8\r\n',
  'RCPT TO:<y@ext.test>\r\n',
  'RCPT TO:<y@b.test>\r\n',
  'DATA\r\n',
  '.\r\n',
  '\r\n.\r\n',
  'RSET\r\n',
  'NOOP\r\n',
  'AUTH PLAIN\r\n',
  'AUTH LOGIN\r\n',
  `AUTH PLAIN ${plain('user@a.test', 'guess')}\r\n`,
  '*\r\n',
  'QUIT',
  'VRFY \xff\xfe\r\n',
  'BODY=8BITMIME',
  'MAIL FROM:<',
  '@b.test:',
  '"',
  '\\',
  '>',
  ' ',
  '\r',
  '\n',
  '\r\n',
  '\0',
  'x'.repeat(900),
  'constructor __proto__ toString\r\n',
  'handler_QUIT\r\n',
  'XCLIENT ADDR=192.0.2.1 LOGIN=user@a.test\r\n',
  'XFORWARD ADDR=192.0.2.1\r\n',
  'LHLO x\r\n',
  'WIZ x\r\n',
  'SHELL\r\n',
];

/** mulberry32: the same run every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test.each([false, true])('400 conversations, TLS %s', async (tls) => {
  const { port, tlsPort, intake, log } = await startServer({ limits: { connectionsPerClient: 1000, authFailuresPerSource: 100_000 } });
  const next = random(tls ? 1 : 2);
  for (let round = 0; round < 400; round++) {
    const client = await SmtpClient.connect(tls ? tlsPort : port, { tls });
    for (let count = 1 + Math.floor(next() * 20); count > 0; count--) {
      client.send(Buffer.from(pieces[Math.floor(next() * pieces.length)] ?? '', 'latin1'));
      if (next() < 0.2) await client.flush('');
    }
    client.socket.end();
    const replies = await client.rest();
    expect(client.unread).toBe('');
    for (const reply of replies) {
      for (const line of reply.split('\r\n')) expect(line).toMatch(/^[2345]\d\d(?:[ -][\x20-\x7e]*)?$/);
      expect(reply).not.toMatch(/queued|wizard|undefined|\[object/);
    }
  }
  expect(intake.kept).toEqual([]);
  expect(log.filter((line) => Number(line.level) >= 50)).toEqual([]);
  await SmtpClient.ready(port);
});
