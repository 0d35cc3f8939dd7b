/** What is composed, read by a parser that others wrote: it must find what was put in, byte for byte. */
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { buildMessage } from '#mail';
import { BASIC, COMPOSED_SAMPLES, type ComposedSample } from './support/composed-samples.js';
import { bytesOf } from './support/read-all.js';

const wellFormed = (text: string) => Buffer.from(text).toString();
const unix = (text: string) => wellFormed(text).replace(/\r\n|\r/g, '\n');

function mailboxes(field: AddressObject | AddressObject[] | undefined): [string, string][] {
  return [field ?? []].flat().flatMap(({ value }) => value.map(({ name, address }): [string, string] => [name, address ?? '']));
}

/** The streams of a sample can be read once, so that its content is collected before. */
async function contentOf(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  if (content instanceof Uint8Array) return Buffer.from(content);
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function readBack({ parts }: ComposedSample) {
  const attachments = await Promise.all(
    (parts.attachments ?? []).map(async (part) => ({ ...part, content: await contentOf(part.content) })),
  );
  // A sample with a stream is composed from a stream.
  const given = attachments.map((part, index) => {
    const isStream = !(parts.attachments?.[index]?.content instanceof Uint8Array);
    return isStream
      ? {
          ...part,
          content: (async function* () {
            yield part.content.subarray(0, 1000);
            yield part.content.subarray(1000);
          })(),
        }
      : part;
  });
  const bytes = await bytesOf(buildMessage({ ...BASIC, ...parts, attachments: given }));
  const parsed = await simpleParser(bytes, { skipTextToHtml: true, skipHtmlToText: true, skipImageLinks: true, keepCidLinks: true });
  return { bytes, parsed, attachments };
}

/** The text parts hold the final line end that every body has. */
function expectText(found: string | false | undefined, given: string | undefined): void {
  if (given === undefined) expect(found || '').toBe('');
  else expect((found || '').replace(/\n$/, '')).toBe(unix(given).replace(/\n$/, ''));
}

function expectHead(parsed: ParsedMail, sample: ComposedSample): void {
  const subject = 'subject' in sample.parts ? sample.parts.subject : BASIC.subject;
  expect(parsed.subject).toBe(subject === undefined ? undefined : wellFormed(subject).trim());
  if (sample.from) expect(mailboxes(parsed.from)).toEqual(sample.from);
  if (sample.to) expect(mailboxes(parsed.to)).toEqual(sample.to);
  if (sample.cc) expect(mailboxes(parsed.cc)).toEqual(sample.cc);
  for (const [name, text] of Object.entries(sample.headers ?? {})) {
    const value = parsed.headers.get(name);
    expect(typeof value === 'object' && value !== null && 'text' in value ? value.text.replace(/"/g, '') : value).toBe(text);
  }
  expect(parsed.messageId).toBe('<20260304101530.1f2e@x.com>');
  expect(parsed.date).toEqual(BASIC.date);
}

describe('another reader finds', () => {
  it.each(COMPOSED_SAMPLES.map((sample) => [sample.name, sample] as const))('%s', async (_name, sample) => {
    const { bytes, parsed, attachments } = await readBack(sample);
    const wire = bytes.toString();
    if (sample.wire) expect(wire).toMatch(sample.wire);
    if (sample.notWire) expect(wire).not.toMatch(sample.notWire);
    expect(wire).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
    expectHead(parsed, sample);
    const { amp, html } = sample.parts;
    expectText(parsed.text, 'text' in sample.parts ? sample.parts.text : BASIC.text);
    if (amp === undefined) expectText(parsed.html, html);
    const files = parsed.attachments.filter((attachment) => attachment.contentType !== 'text/x-amp-html');
    // Inside the part that shows the HTML come the images it shows.
    const expected = html === undefined ? attachments : [...attachments].sort((one, other) => Number(other.inline) - Number(one.inline));
    expect(files.map(({ filename, content }) => [filename ?? '', content.toString('latin1')])).toEqual(
      expected.map(({ filename, content }) => [filename, content.toString('latin1')]),
    );
    for (const [index, found] of files.entries()) {
      const given = expected[index];
      expect(found.contentDisposition).toBe(given?.inline ? 'inline' : 'attachment');
      expect(found.contentType).toBe(given?.contentType.split(';')[0]);
      expect(found.cid !== undefined).toBe(given?.inline === true);
    }
  });
});

describe('an attached message', () => {
  const nested = (text: string) => Buffer.from(`From: a@x.com\nSubject: inner\n\n${text}\n`);
  const attach = (content: Uint8Array | AsyncIterable<Uint8Array>) =>
    buildMessage({ ...BASIC, attachments: [{ filename: 'fwd.eml', contentType: 'message/rfc822', content, inline: false }] });

  it('stays as it is, with completed line ends', async () => {
    const wire = (await bytesOf(attach(nested('hello')))).toString();
    expect(wire).toMatch(/Content-Type: message\/rfc822; name=fwd\.eml\r\nContent-Transfer-Encoding: 7bit\r\n/);
    expect(wire).toContain('\r\n\r\nFrom: a@x.com\r\nSubject: inner\r\n\r\nhello\r\n');
  });

  it('is called 8bit where it is, and so is what it stands in', async () => {
    const wire = (await bytesOf(attach(nested('grüße')))).toString();
    expect(wire).toMatch(/^Content-Type: multipart\/mixed;[^\r]*\r\n(?: [^\r]*\r\n)?Content-Transfer-Encoding: 8bit\r\n/m);
    expect(wire.match(/Content-Transfer-Encoding: 8bit/g)).toHaveLength(2);
    const parsed = await simpleParser(await bytesOf(attach(nested('grüße'))));
    expect(parsed.attachments[0]?.contentType).toBe('message/rfc822');
    expect(parsed.attachments[0]?.content.toString()).toContain('grüße');
  });

  it('may be a stream that is cut anywhere', async () => {
    const bytes = nested('one\ntwo');
    async function* byByte() {
      for (const byte of bytes) yield Buffer.of(byte);
    }
    expect((await bytesOf(attach(byByte()))).toString()).toContain('\r\n\r\nFrom: a@x.com\r\nSubject: inner\r\n\r\none\r\ntwo\r\n\r\n--');
  });

  it('with a NUL is a file of octets', async () => {
    const wire = (await bytesOf(attach(nested('a\0b')))).toString();
    expect(wire).toMatch(/Content-Type: application\/octet-stream; name=fwd\.eml\r\nContent-Transfer-Encoding: base64/);
  });

  it.each(['message/partial; id=x', 'message/external-body; access-type=local-file', 'multipart/mixed'])(
    '%s is a file of octets too',
    async (contentType) => {
      const part = { filename: 'a', contentType, content: Buffer.from('x'), inline: false };
      expect((await bytesOf(buildMessage({ ...BASIC, attachments: [part] }))).toString()).toContain(
        'Content-Type: application/octet-stream; name=a\r\n',
      );
    },
  );
});

describe('boundaries', () => {
  it('differ from message to message and from each other, and cannot stand in an encoded part', async () => {
    const parts = {
      ...BASIC,
      html: '<img>',
      attachments: [{ filename: 'a.png', contentType: 'image/png', content: Buffer.of(1), inline: true }],
    };
    const found = await Promise.all(
      [1, 2, 3].map(async () => [...(await bytesOf(buildMessage(parts))).toString().matchAll(/boundary="([^"]*)"/g)]),
    );
    const boundaries = found.flat().map((match) => match[1]);
    expect(boundaries).toHaveLength(6);
    expect(new Set(boundaries).size).toBe(6);
    for (const boundary of boundaries) expect(boundary).toMatch(/^=_[\w-]{32}$/);
  });
});
