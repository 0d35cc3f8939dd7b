/** Only CRLF.CRLF ends a message (CVE-2023-51764 to -51766), however the bytes are cut; and nothing said before TLS counts behind it. */
import { networkInterfaces } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CommandParser } from '#smtp/command-parser.js';
import { DotReader } from '#smtp/dot-reader.js';
import { startServer } from './support/server.js';
import { SmtpClient } from './support/smtp-client.js';

const sequences = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r.\n',
  '\n.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\r\n.\r\r\n',
  '\r\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
  '\r\n. \r\n',
  '\n\n.\n\n',
  '\n.\n.\n',
];
const smuggled = 'MAIL FROM:<smug@a.test>\r\nRCPT TO:<victim@ext.test>\r\nDATA\r\nSubject: s\r\n\r\nsmuggled\r\n.\r\n';
const name = (sequence: string) => JSON.stringify(sequence);
const head = 'Subject: 1\r\n\r\nfirst';

/** The rule, line by line: a line is what stands between CRLFs. Doubled dots behind a bare LF become one as well. */
function byTheLetter(text: string): { ended: boolean; content: string; rest: string | undefined } {
  const lines = text.split('\r\n');
  const end = lines.slice(0, -1).indexOf('.');
  const content = lines
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.replace(/^\./, '').replace(/\n\.\./g, '\n.'))
    .map((line) => `${line}\r\n`)
    .join('');
  return { ended: end >= 0, content, rest: end < 0 ? undefined : lines.slice(end + 1).join('\r\n') };
}

/** What one DATA takes from the bytes when they arrive in these pieces, and the commands behind it. */
function parse(pieces: Buffer[]): Promise<{ message: string; commands: string[] }> {
  return new Promise((resolve) => {
    const commands: string[] = [];
    const onBareLineFeed = () => {
      commands.push('BARE LF');
      return 'closed' as const;
    };
    const parser = new CommandParser({ maxCommandLength: 2000, onBareLineFeed });
    const chunks: Buffer[] = [];
    parser.oncommand = (line: Buffer, next?: () => void) => {
      commands.push(line.toString());
      next?.();
    };
    const stream = parser.startDataMode();
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => parser.continue());
    parser.on('finish', () => resolve({ message: Buffer.concat(chunks).toString(), commands }));
    for (const piece of pieces) parser.write(piece);
    parser.end();
  });
}

describe('the parser', () => {
  for (const sequence of sequences) {
    test(`${name(sequence)} ends nothing at any cut`, async () => {
      const bytes = Buffer.from(`${head}${sequence}${smuggled}NOOP\r\n`);
      for (let cut = 1; cut < bytes.length; cut++) {
        const { message, commands } = await parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(message.endsWith('Subject: s\r\n\r\nsmuggled\r\n'), `cut at ${cut}`).toBe(true);
        expect(commands).toEqual(['NOOP']);
      }
      const { message, commands } = await parse([...bytes].map((byte) => Buffer.from([byte])));
      expect(message.endsWith('smuggled\r\n')).toBe(true);
      expect(commands).toEqual(['NOOP']);
    });
  }

  test('CRLF.CRLF ends the message at every cut, dots are unstuffed, and commands follow', async () => {
    const bytes = Buffer.from('..a\r\n..\r\n.b\r\n...\r\n.\r\nNOOP\r\nQUIT\r\n');
    for (let cut = 1; cut < bytes.length; cut++) {
      for (let second = cut; second < bytes.length; second++) {
        const pieces = [bytes.subarray(0, cut), bytes.subarray(cut, second), bytes.subarray(second)];
        expect(await parse(pieces)).toEqual({ message: '.a\r\n.\r\nb\r\n..\r\n', commands: ['NOOP', 'QUIT'] });
      }
    }
  });

  test('a reader that unstuffs by the letter of RFC 5321 4.5.2 agrees, for every text of CR, LF, dots and a letter', () => {
    const alphabet = ['\r', '\n', '.', 'x'];
    let texts = [''];
    for (let length = 1; length <= 7; length++) {
      texts = texts.flatMap((text) => alphabet.map((char) => text + char));
      for (const text of texts) {
        const wanted = byTheLetter(text);
        const whole = new DotReader().feed(Buffer.from(text));
        if (whole.rest !== undefined || wanted.ended) {
          expect([text, whole.content.toString(), whole.rest?.toString()]).toEqual([text, wanted.content, wanted.rest]);
        }
        for (let cut = 1; cut < text.length && length <= 6; cut++) {
          const reader = new DotReader();
          const first = reader.feed(Buffer.from(text.slice(0, cut)));
          const second = first.rest === undefined ? reader.feed(Buffer.from(text.slice(cut))) : undefined;
          const rest = first.rest === undefined ? second?.rest?.toString() : first.rest.toString() + text.slice(cut);
          expect([text, cut, rest]).toEqual([text, cut, wanted.rest]);
          if (wanted.ended) expect(first.content.toString() + (second?.content.toString() ?? '')).toBe(wanted.content);
        }
      }
    }
  });

  test('an empty message, and one of nothing but a dot', async () => {
    expect(await parse([Buffer.from('.\r\nNOOP\r\n')])).toEqual({ message: '', commands: ['NOOP'] });
    expect(await parse([Buffer.from('..\r\n.\r\nNOOP\r\n')])).toEqual({ message: '.\r\n', commands: ['NOOP'] });
  });

  test('a command cut off by the end of the connection does not run', async () => {
    expect(await parse([Buffer.from('.\r\nNOOP\r\nRSET')])).toEqual({ message: '', commands: ['NOOP'] });
  });
});

describe.each([['a login'], ['a trusted network']])('the server, for %s', (who) => {
  test.each(sequences.map((sequence) => [name(sequence), sequence]))('%s makes one message', async (_name, sequence) => {
    const { port, tlsPort, intake } = await startServer({ trusted: () => who === 'a trusted network' });
    const bytes = Buffer.from(`${head}${sequence}${smuggled}`);
    const from = head.length;
    for (let cut = from; cut <= from + sequence.length; cut++) {
      intake.kept.length = 0;
      const client = who === 'a login' ? await SmtpClient.ready(tlsPort, { tls: true }) : await SmtpClient.ready(port);
      if (who === 'a login') await client.login();
      client.socket.setNoDelay(true);
      await client.command('MAIL FROM:<x@a.test>', /^250/);
      await client.command('RCPT TO:<y@ext.test>', /^250/);
      await client.command('DATA', /^354/);
      await client.flush(bytes.subarray(0, cut));
      await turn();
      await turn();
      client.send(bytes.subarray(cut));
      await client.expect(/^250 2\.0\.0 Ok: queued/);
      await client.command('NOOP', /^250 2\.0\.0/);
      client.destroy();
      expect(intake.kept).toHaveLength(1);
      expect(intake.kept[0]?.recipients).toEqual(['y@ext.test']);
      expect(intake.kept[0]?.bytes.includes('smuggled')).toBe(true);
    }
  });
});

test('after an oversized message the bytes behind a false end are still message bytes', async () => {
  const { tlsPort, intake } = await startServer({ limits: { messageBytes: 1000 } });
  const client = await SmtpClient.ready(tlsPort, { tls: true });
  await client.login();
  await client.command('MAIL FROM:<x@a.test>', /^250/);
  await client.command('RCPT TO:<y@ext.test>', /^250/);
  await client.command('DATA', /^354/);
  client.send(`${'x'.repeat(1200)}\n.\n${smuggled}`);
  await client.expect(/^552 5\.3\.4 /);
  await client.command('NOOP', /^250/);
  expect(intake.kept).toEqual([]);
});

describe('STARTTLS', () => {
  const injected = 'MAIL FROM:<inj@a.test>\r\nRCPT TO:<b@b.test>\r\nNOOP\r\n';

  test.each([1, 150])('commands injected behind STARTTLS never run, %i times', async (times) => {
    const { port } = await startServer({ trusted: () => true });
    const client = await SmtpClient.ready(port);
    client.send(`STARTTLS\r\n${injected.repeat(times)}`);
    await client.expect(/^220 /);
    await client.upgrade();
    await client.command('RCPT TO:<x@ext.test>', /^503 5\.5\.1 /);
    await client.command('EHLO client.test', /^250-/);
    await client.command('RCPT TO:<x@ext.test>', /^503 5\.5\.1 need MAIL first/);
    expect(client.unread).toBe('');
  });

  test('half a command from before TLS is not completed by one from behind it', async () => {
    const { port } = await startServer();
    const client = await SmtpClient.ready(port);
    client.send('STARTTLS\r\nMAIL FROM:<inj@');
    await client.expect(/^220 /);
    await client.upgrade();
    await client.command('EHLO client.test', /^250-/);
  });

  test('plain text where a handshake should be closes the connection and harms nobody', async () => {
    const { port } = await startServer();
    const client = await SmtpClient.ready(port);
    await client.command('STARTTLS', /^220 /);
    client.send('EHLO again\r\n');
    await client.closed();
    expect(client.unread).not.toMatch(/250/);
    await SmtpClient.ready(port);
  });
});

// Another address of this machine: loopback is greeted at once.
const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

test.skipIf(outside === undefined)('a stranger who talks before the greeting is refused; one who waits is greeted', async () => {
  const host = outside ?? '';
  const { port } = await startServer({ host, limits: { greetingDelayMs: 50 } });
  const early = await SmtpClient.connect(port, { host });
  early.send('EHLO early\r\n');
  await early.expect(/^421 4\.7\.0 .*too soon/);
  await early.closed();
  const patient = await SmtpClient.connect(port, { host });
  await patient.expect(/^220 /);
});
