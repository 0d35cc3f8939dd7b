import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { allValues, buildMessage, firstValue, listAttachments, type MessageParts, parseHead } from '#mail';
import { bytesOf, readAll } from './support/read-all.js';

const basic: MessageParts = {
  from: 'Bob <bob@x.com>',
  to: ['ann@y.com'],
  cc: [],
  subject: 'Hello',
  text: 'hi\n',
  headers: [],
  attachments: [],
  messageId: '20260304101530.1f2e@x.com',
  date: new Date(1_772_619_330_000),
};

async function build(parts: Partial<MessageParts>) {
  const bytes = await bytesOf(buildMessage({ ...basic, ...parts }));
  const read = readAll(bytes);
  return { bytes, text: bytes.toString('latin1'), fields: parseHead(read.head), read };
}

function refusalOf(action: () => unknown): Refusal | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
}

describe('structure', () => {
  it('builds a text message, all of it', async () => {
    const { text } = await build({});
    expect(text).toBe(
      [
        'Date: Wed, 04 Mar 2026 10:15:30 +0000',
        'From: Bob <bob@x.com>',
        'To: ann@y.com',
        'Subject: Hello',
        'Message-ID: <20260304101530.1f2e@x.com>',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 7bit',
        '',
        'hi',
        '',
      ].join('\r\n'),
    );
  });

  it('puts text, amp and html in that order, with inline and attached files around', async () => {
    const attachments = [
      { filename: 'logo.png', contentType: 'image/png', content: Buffer.from('png'), inline: true },
      { filename: 'ä b.pdf', contentType: 'application/pdf', content: Readable.from([Buffer.from('p'), Buffer.from('df')]), inline: false },
    ];
    const { text, fields, read } = await build({ html: '<img src="cid:logo.png">', amp: '<html amp4email>', attachments });
    const types = [...text.matchAll(/^Content-Type: ([^;\r]+)/gm)].map((match) => match[1]);
    expect(types).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'text/x-amp-html',
      'multipart/related',
      'text/html',
      'image/png',
      'application/pdf',
    ]);
    expect(text).toContain('Content-ID: <logo.png>');
    expect(await listAttachments(fields, [read.body])).toEqual([
      { filename: 'logo.png', contentType: 'image/png', size: 3 },
      { filename: 'ä b.pdf', contentType: 'application/pdf', size: 3 },
    ]);
  });

  it('is 7-bit and short-lined whatever the parts hold', async () => {
    const { read, text } = await build({
      from: 'Böb <böb@exämple.com>'.replace('böb@', 'bob@'),
      to: ['日本 <j@例え.jp>'],
      subject: 'ü'.repeat(300),
      text: `é\0\x01 bare\rcr\nlong ${'x'.repeat(5000)}\n.\n`,
      html: `<p>${'ö'.repeat(4000)}</p>`,
      attachments: [{ filename: '文.txt', contentType: 'text/plain', content: Buffer.from('\xff'.repeat(5000), 'latin1'), inline: true }],
    });
    expect(read.traits).toEqual({ eightBitHead: false, eightBitBody: false, longLines: false });
    expect(text).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
    expect(text).toContain('xn--exmple-cua.com');
  });

  it('leaves no trace of its tools', async () => {
    const { text } = await build({
      html: '<p>x</p>',
      attachments: [{ filename: 'a', contentType: 'x/y', content: Buffer.from('a'), inline: false }],
    });
    expect(text).not.toMatch(/nodemailer|X-Mailer|_NmP/i);
  });

  it('opens no file and no URL', async () => {
    const content = { path: '/etc/passwd' } as unknown as Uint8Array;
    const message = buildMessage({ ...basic, attachments: [{ filename: 'a', contentType: 'x/y', content, inline: false }] });
    await expect(bytesOf(message)).rejects.toThrow();
    const { text } = await build({ text: 'data:text/plain,x', html: '<img src="file:///etc/passwd">' });
    expect(text).not.toContain('root:');
  });

  it('fails when the stream of an attachment fails', async () => {
    const content = new Readable({ read() {} });
    const message = buildMessage({ ...basic, attachments: [{ filename: 'a', contentType: 'x/y', content, inline: false }] });
    setImmediate(() => content.destroy(new Error('client went away')));
    await expect(bytesOf(message)).rejects.toThrow('client went away');
  });

  it.each(['multipart/mixed; boundary=x', 'nonsense', '', 'text / plain'])('sends a file of type %j as octets', async (contentType) => {
    const { text } = await build({ attachments: [{ filename: 'a.bin', contentType, content: Buffer.from('a'), inline: false }] });
    expect(text).toMatch(/Content-Type: application\/octet-stream; name=a\.bin\r\n/);
  });

  it('builds a message of nothing but an empty text', async () => {
    expect((await build({ text: '' })).read.body.length).toBeLessThanOrEqual(2);
  });
});

describe('h: headers', () => {
  it('adds them in their own spelling, repeated ones too', async () => {
    const headers = [
      { name: 'X-MyHeader', value: 'one' },
      { name: 'x-myheader', value: 'two' },
      { name: 'Reply-To', value: 'Grüße <r@x.com>' },
    ];
    const { text, fields } = await build({ headers });
    expect(allValues(fields, 'x-myheader')).toEqual(['one', 'two']);
    expect(text).toContain('\r\nX-MyHeader: one\r\n');
    expect(firstValue(fields, 'reply-to')).toBe('=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= <r@x.com>');
  });

  it('lets them replace what would be generated, the last one winning', async () => {
    const headers = [
      { name: 'subject', value: 'first' },
      { name: 'Subject', value: 'second' },
      { name: 'To', value: 'Everybody <all@x.com>' },
      { name: 'Message-Id', value: '<own@x.com>' },
      { name: 'Date', value: 'Thu, 01 Jan 2026 00:00:00 +0000' },
      { name: 'From', value: 'Other <other@x.com>' },
    ];
    const { fields } = await build({ headers });
    const values = (name: string) => allValues(fields, name);
    expect([values('subject'), values('to'), values('message-id'), values('date'), values('from')]).toEqual([
      ['second'],
      ['Everybody <all@x.com>'],
      ['<own@x.com>'],
      ['Thu, 01 Jan 2026 00:00:00 +0000'],
      ['Other <other@x.com>'],
    ]);
  });

  it.each(['Bcc', 'Resent-Bcc', 'Content-Type', 'content-transfer-encoding', 'MIME-Version', 'Content-Disposition'])(
    'ignores %s',
    async (name) => {
      const { text, fields } = await build({ headers: [{ name, value: 'hidden@x.com' }] });
      expect(text).not.toContain('hidden@x.com');
      expect(allValues(fields, 'content-type')).toEqual(['text/plain; charset=utf-8']);
    },
  );

  it.each(['From', 'Sender'])('refuses a %s that is no address', (name) => {
    expect(refusalOf(() => buildMessage({ ...basic, headers: [{ name, value: 'nobody' }] }))?.publicText).toBe(
      `h:${name} parameter is not a valid address. please check documentation`,
    );
  });
});

describe('injection', () => {
  const values = ['x\r\nBcc: v@x.test', 'x\nBcc: v@x.test', 'x\rBcc: v@x.test', 'x\r\n\r\nbody', 'x\0'];
  const file = { filename: 'a.txt', contentType: 'text/plain', content: Buffer.from('a'), inline: false };
  const places: [string, string, (value: string) => Partial<MessageParts>][] = [
    ['from', 'from', (value) => ({ from: `Bob ${value} <b@x.com>` })],
    ['to', 'to', (value) => ({ to: ['a@x.com', `${value} <b@x.com>`] })],
    ['cc', 'cc', (value) => ({ cc: [`${value} <b@x.com>`] })],
    ['subject', 'subject', (value) => ({ subject: value })],
    ['h: value', 'Reply-To', (value) => ({ headers: [{ name: 'Reply-To', value: `a@x.com ${value}` }] })],
    ['h: value of an ignored header', 'Bcc', (value) => ({ headers: [{ name: 'Bcc', value }] })],
    ['h: name', 'Header name', (value) => ({ headers: [{ name: `X-${value}`, value: 'x' }] })],
    ['message id', 'Message-Id', (value) => ({ messageId: `${value}@x.com` })],
    ['file name', 'attachment filename', (value) => ({ attachments: [{ ...file, filename: value }] })],
    ['inline file name', 'inline filename', (value) => ({ attachments: [{ ...file, filename: value, inline: true }] })],
    ['content type', 'attachment content type', (value) => ({ attachments: [{ ...file, contentType: `text/plain; a=${value}` }] })],
  ];
  const table = places.flatMap(([place, names, parts]) => values.map((value) => [place, value, names, parts] as const));

  it.each(table)('%s with %j is refused', (_place, value, names, parts) => {
    const refusal = refusalOf(() => buildMessage({ ...basic, ...parts(value) }));
    expect(refusal?.httpStatus).toBe(400);
    expect(refusal?.publicText.toLowerCase()).toContain(names.toLowerCase());
    expect(refusal?.publicText).not.toMatch(/[\r\n\0]/);
  });

  it.each([
    'x\u2028Bcc: v@x.test',
    '=?utf-8?B?ZXZpbA0KWC1JbmplY3RlZDogeWVz?=',
    'a"; name="b',
    'a\\',
    '../../etc/passwd',
    'x\u202etxt.exe',
    'é'.repeat(1000),
  ])('%j makes no header line of its own', async (value) => {
    const attachments = [
      { ...file, filename: value },
      { ...file, filename: value, inline: true },
    ];
    const { text, fields, read } = await build({
      html: '<p>x</p>',
      to: [`"${value.replace(/["\\]/g, '\\$&')}" <a@x.com>`],
      subject: value,
      headers: [{ name: 'X-A', value }],
      attachments,
    });
    expect(fields.map((field) => field.lowerName)).toEqual([
      'date',
      'from',
      'to',
      'subject',
      'message-id',
      'x-a',
      'mime-version',
      'content-type',
    ]);
    expect(text).not.toMatch(/^(?:Bcc|X-Injected)/im);
    expect(read.traits).toEqual({ eightBitHead: false, eightBitBody: false, longLines: false });
    expect(await listAttachments(fields, [read.body])).toHaveLength(2);
  });

  it.each([
    ['from', { from: 'nobody' }],
    ['from', { from: '' }],
    ['to', { to: ['a@x.com', 'a b@y.com'] }],
    ['cc', { cc: ['user@good.com(x)evil.com'] }],
  ])('a bad address in %s is refused as Mailgun does', (field, parts) => {
    expect(refusalOf(() => buildMessage({ ...basic, ...parts }))?.publicText).toBe(
      `${field} parameter is not a valid address. please check documentation`,
    );
  });
});
