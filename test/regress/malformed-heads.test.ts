/**
 * A head that is broken off by a line that is none of it is refused with the line's number, or mended as stated, at both doors alike.
 * Reported: fields came as text.
 */
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { makeMessageReader, readHead } from '#mail';
import { type Harness, startApi } from '../api/support/harness.js';
import { type Family, steepFamilies } from '../support/growth.js';
import { makeTestIntake } from '../unit/intake/support/test-intake.js';
import { readAll } from '../unit/mail/support/read-all.js';

const REST = 'To: b@dst.example\r\nSubject: Hello\r\n\r\nbody\r\n';
const FROM = 'From: a@src.example\r\n';

/** What a reader says, however the bytes are cut, with either kind of line end. */
function read(raw: string): { head: string; body: string } | string {
  const outcomes = new Set<string>();
  for (const text of [raw, raw.replaceAll('\r\n', '\n')]) {
    for (const chunkSize of [1, 2, 3, 7, 1000, 100_000]) {
      try {
        const { head, body } = readAll(Buffer.from(text, 'latin1'), { chunkSize });
        outcomes.add(JSON.stringify({ head: Buffer.from(head).toString('latin1'), body: body.toString('latin1') }));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        expect([error.smtpCode, error.enhancedCode, error.httpStatus]).toEqual([550, '5.6.0', 400]);
        outcomes.add(JSON.stringify(error.publicText));
      }
    }
  }
  expect([...outcomes]).toHaveLength(1);
  return JSON.parse([...outcomes][0] ?? '');
}

const MALFORMED: [what: string, raw: string, refusal: RegExp][] = [
  ['a line without a colon', `${FROM}what is this\r\n${REST}`, /^Line 2 of the message is no header field/],
  ['a line without a colon before all', `what is this\r\n${FROM}${REST}`, /^Line 1 .* no header field/],
  ['two of them', `${FROM}X: y\r\n z\r\none\r\ntwo\r\n${REST}`, /^Line 4 .* no header field/],
  ['one before the options', `${FROM}junk\r\nX-Mailgun-Tag: t\r\n\r\nbody\r\n`, /^Line 2 /],
  ['one before a copy', `${FROM}junk\r\nCc: c@dst.example\r\n\r\nbody\r\n`, /^Line 2 /],
  ['one before a date', `${FROM}junk\r\nDate: Mon, 30 Nov 2026 10:00:00 +0100\r\n\r\nbody\r\n`, /^Line 2 /],
  ['one and a blank line', `${FROM}junk\r\n\r\n${REST}`, /^Line 2 /],
  ['a name beyond ASCII', `${FROM}S\xfcbject: x\r\n${REST}`, /^Line 2 /],
  ['an empty name', `${FROM}: x\r\n${REST}`, /^Line 2 /],
  ['a blank in a name', `${FROM}My Field: x\r\n${REST}`, /^Line 2 /],
  ['a mailbox line among the fields', `${FROM}From a@src.example Mon Nov 30 10:00:00 2026\r\n${REST}`, /^Line 2 /],
  ['a blank line', `${FROM}\r\n${REST}`, /^Line 2 of the message is empty/],
  ['two blank lines', `${FROM}X: y\r\n\r\n\r\n${REST}`, /^Line 3 .* empty/],
  ['a blank line before all', `\r\n${FROM}${REST}`, /^Line 1 .* empty/],
  [
    'a blank line before the structure',
    `${FROM}${REST.split('\r\n\r\n')[0]}\r\n\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n`,
    /^Line 4 /,
  ],
  ['a blank line behind the trace', `Received: from x by y; z\r\n\r\n${FROM}${REST}`, /^Line 2 /],
  ['a continuation of nothing', ` folded\r\n${FROM}${REST}`, /^Line 1 .* no header field/],
  ['a line of blanks before all', `   \r\n${FROM}${REST}`, /^Line 1 .* no header field/],
  ['a mailbox line and junk', `From a@src.example Mon Nov 30\r\njunk\r\n${FROM}${REST}`, /^Line 1 .* no header field/],
  ['a mailbox line, a field and junk', `From a@src.example Mon Nov 30\r\nX: y\r\njunk\r\n${FROM}${REST}`, /^Line 3 .* no header field/],
  ['NUL', `${FROM}Subj\0ect: x\r\n\r\nbody\r\n`, /^Line 2 of the message contains a NUL character$/],
  ['NUL in the first line', `From\0: x\r\n\r\nbody\r\n`, /^Line 1 .* NUL/],
];

describe('is refused', () => {
  it.each(MALFORMED)('%s', (_, raw, refusal) => expect(read(raw)).toMatch(refusal));
});

describe('is mended', () => {
  it.each([
    ['a mailbox line', `From a@src.example Mon Nov 30 10:00:00 2026\r\n${FROM}${REST}`],
    ['mailbox lines', `From a@src.example Mon Nov 30\r\n>From b@src.example Tue Dec 1\r\n${FROM}${REST}`],
    ['blanks before a colon', `From \t: a@src.example\r\n${REST}`],
    ['a line of blanks', `${FROM}${REST.replace('Hello\r\n', 'Hello\r\n \t \r\n')}`],
    ['blanks as a continuation', `${FROM}${REST.replace('Hello\r\n', 'Hello\r\n \r\n\t\r\n')}`],
  ])('%s', (_, raw) => {
    const [head = '', body] = `${FROM}${REST}`.split('\r\n\r\n');
    expect(read(raw)).toEqual({ head: `${head}\r\n`, body });
  });
});

describe('is taken', () => {
  it.each([
    ['text without a head', '', 'Dear all,\r\nthe printer is out of toner.\r\n\r\nPrinter\r\n'],
    ['text that begins like a mailbox file', '', 'From now on\r\nthere is tea.\r\n\r\nSubject to change.\r\n'],
    [
      'no blank line before the text',
      `${FROM}Subject: Alarm\r\n`,
      'UPS on battery\r\nStatus: failing\r\nDate: 30.11.2026\r\n\r\nTime: 10:00\r\n',
    ],
    ['a memo', `${FROM}To: b@dst.example\r\nSubject: x\r\n`, '\r\nTo: all@dst.example\r\nSubject: Parking\r\n\r\nHello\r\n'],
    [
      'a head quoted in the text',
      `${FROM}To: b@dst.example\r\nSubject: Fwd\r\n`,
      '\r\nFrom: z@z.example\r\nMessage-ID: <1@z>\r\nSubject: y\r\n\r\nz\r\n',
    ],
    [
      'text that looks like fields',
      `${FROM}Subject: x\r\n`,
      '\r\nHost: web1\r\nDate: Mon, 30 Nov 2026 10:00:00 +0100\r\nCc: Bob\r\n\r\nz\r\n',
    ],
    ['a link', `${FROM}Subject: x\r\n`, '\r\nhttps://x.example/\r\nSee: above\r\n\r\n'],
    ['a word before a colon', `${FROM}To: b@dst.example\r\n`, '\r\nSummary: all is well.\r\n\r\n'],
    ['a long text', `${FROM}Subject: x\r\n`, `\r\n${'To: all of you\r\n'.repeat(2000)}`],
    ['a text of one line', '', `${'x'.repeat(20_000)}\r\n`],
    ['nothing behind it', `${FROM}Subject: x\r\n`, '\r\n'],
    ['nothing at all', '', '\r\n'],
  ])('%s', (_, head, rest) => {
    expect(read(head + rest)).toEqual({ head, body: rest.replace(/^\r\n/, '') });
  });
});

describe('both doors', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.stop());

  it.each(MALFORMED)('%s', async (_, raw, refusal) => {
    for (const method of ['smtp', 'http'] as const) {
      const content = Readable.from([Buffer.from(raw, 'latin1')]);
      expect(await makeTestIntake().take('', { method, content })).toMatchObject({
        smtpCode: 550,
        httpStatus: 400,
        publicText: expect.stringMatching(refusal),
      });
    }
    await expect(readHead([Buffer.from(raw, 'latin1')])).rejects.toMatchObject({ publicText: expect.stringMatching(refusal) });
  });

  it('the number is one of the message, also with fields given beside it', async () => {
    const send = (message: string) =>
      api.call('POST', '/v3/example.com/messages.mime', { form: { to: 'b@dst.example', message, 'h:X-One': '1', 'h:X-Mailgun-Tag': 't' } });
    const refused = await send(`${FROM}junk\n${REST.replaceAll('\r\n', '\n')}`);
    expect([refused.status, refused.json.message]).toEqual([400, 'Line 2 of the message is no header field, but header fields follow it']);
    const mbox = `From a@src.example Mon Nov 30\n${FROM}${REST}`;
    expect((await send(mbox)).status).toBe(200);
    expect(api.intake.accepted.at(-1)).toMatchObject({
      sender: 'a@src.example',
      addedFields: [{ name: 'X-One' }, { name: 'X-Mailgun-Tag' }],
    });
    const { addedFields = [] } = api.intake.accepted.at(-1) ?? {};
    const taken = await makeTestIntake().take('', { addedFields, content: Readable.from([Buffer.from(mbox)]) });
    expect(taken).toMatchObject({
      head: expect.stringMatching(/\r\nX-One: 1\r\nFrom: a@src\.example\r\nTo: b@dst\.example\r\nSubject: Hello\r\n$/),
    });
  });
});

it('looks at a bounded part of the body, in linear time', async () => {
  const lines = ['X: y\r\n', 'x\r\n', ' x\r\n', '\r\n', 'From x\r\n', ' ', 'X : y\r\n', 'X: y\r\n \r\n'];
  const families = lines.map(
    (line): Family<Buffer> => [JSON.stringify(line), (size) => Buffer.from(`${line.repeat(size / line.length)}\r\n`)],
  );
  const read = (bytes: Buffer) => {
    const reader = makeMessageReader({ maxSize: 1e9, maxHeadSize: 256 * 1024 });
    for (let at = 0; at < bytes.length; at += 1000) reader.push(bytes.subarray(at, at + 1000));
    reader.end();
  };
  expect(await steepFamilies(families, 200_000, read)).toEqual([]);
});
