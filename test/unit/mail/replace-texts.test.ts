/** A template's texts in the place of a message's own: every structure keeps its files, however the body is cut. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { buildMessage, joinHead, parseHead, parseMessage, replaceTexts } from '#mail';
import { bytesOf, cut, readAll, wireOf } from './support/read-all.js';

const NEW = { html: '<p>Größe</p>', text: undefined };
const PNG = 'Content-Type: image/png; name=dot.png\r\nContent-ID: <dot>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n';
const PDF = 'Content-Type: application/pdf; name=f.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nBBBB\r\n';
const PLAIN = 'Content-Type: text/plain\r\n\r\nown text\r\n';
const EMPTY = 'Content-Type: text/plain\r\n\r\n \r\n';
const HTML = 'Content-Type: text/html; charset=utf-8\r\n\r\n<p>old</p>\r\n';
const multipart = (subtype: string, boundary: string, ...parts: string[]) =>
  `Content-Type: multipart/${subtype}; boundary=${boundary}\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}`).join('')}--${boundary}--\r\n`;

async function replaced(raw: string, texts: { html: string; text: string | undefined } = NEW, chunkSize = 7) {
  const { head, body } = readAll(`From: a@b.example\r\nSubject: x\r\n${raw}`);
  const { message, isTextTaken } = await replaceTexts(parseHead(head), () => Readable.from(cut(body, chunkSize)), texts);
  const wire = await bytesOf(message);
  const again = readAll(wire);
  expect(wireOf(again)).toEqual(wire);
  const { texts: found, attachments } = await parseMessage(parseHead(again.head), Readable.from([again.body]));
  expect(Buffer.from(joinHead(message.fields)).toString()).toContain('Subject: x\r\n');
  const files = attachments.map(({ filename }) => filename).join(' ');
  return { html: found.get('html')?.trim(), plain: found.get('plain')?.trim(), files, isTextTaken, wire: wire.toString() };
}

describe.each([1, 7, 10_000])('in chunks of %i', (size) => {
  it.each([
    ['nothing', 'X: y\r\n\r\n', undefined, ''],
    ['a text', PLAIN, 'own text', ''],
    ['an empty text', EMPTY, undefined, ''],
    ['HTML', HTML, undefined, ''],
    ['both', multipart('alternative', 'b', PLAIN, HTML), 'own text', ''],
    ['both, the text empty', multipart('alternative', 'b', EMPTY, HTML), '', ''],
    ['a text and a file', multipart('mixed', 'b', PLAIN, PDF), 'own text', 'f.pdf'],
    ['HTML with a picture', multipart('related', 'b', HTML, PNG), undefined, 'dot.png'],
    [
      'all of it',
      multipart('mixed', 'a', multipart('alternative', 'b', PLAIN, multipart('related', 'c', HTML, PNG)), PDF),
      'own text',
      'dot.png f.pdf',
    ],
    ['only a file', PDF, undefined, 'f.pdf'],
    ['only files', multipart('mixed', 'b', PNG, PDF), undefined, 'dot.png f.pdf'],
  ])('%s', async (_, raw, own, files) => {
    expect(await replaced(raw, NEW, size)).toMatchObject({ html: '<p>Größe</p>', plain: own, files, isTextTaken: false });
    const withText = await replaced(raw, { html: '<b>new</b>', text: 'new' }, size);
    expect(withText).toMatchObject({ html: '<b>new</b>', plain: own || 'new', files, isTextTaken: !own });
    expect(withText.wire).not.toContain('old');
  });
});

it('leaves an attached text, an attached message and what the fields say alone', async () => {
  const attached = 'Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<p>file</p>\r\n';
  const message = 'Content-Type: message/rfc822\r\n\r\nContent-Type: text/html\r\n\r\n<p>inner</p>\r\n';
  const { html, files, wire } = await replaced(multipart('mixed', 'b', attached, message, HTML));
  expect([html, files.trim()]).toEqual(['<p>Größe</p>', 'a.html']);
  expect(wire).toContain('<p>file</p>');
  expect(wire).toContain('<p>inner</p>');
});

it('replaces what our own composer leaves room for, with the picture beside the HTML', async () => {
  const composed = buildMessage({
    ...{ from: 'a@b.example', to: ['c@d.example'], cc: [], subject: 'x', html: ' ', text: ' ', headers: [] },
    attachments: [{ filename: 'dot.png', contentType: 'image/png', content: Buffer.from('png'), inline: true }],
    ...{ messageId: 'x@b.example', date: new Date(0) },
  });
  const { html, plain, wire } = await replaced((await bytesOf(composed)).toString(), { html: '<p>x</p>', text: 'x' });
  expect([html, plain]).toEqual(['<p>x</p>', 'x']);
  expect(wire).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*multipart\/related[\s\S]*text\/html[\s\S]*image\/png/);
});

it('refuses a text of its own that is too long to be kept in memory', async () => {
  await expect(replaced(`Content-Type: text/plain\r\n\r\n${'x'.repeat(1024 * 1024 + 1)}\r\n`, NEW, 65_536)).rejects.toMatchObject({
    httpStatus: 400,
  });
});
