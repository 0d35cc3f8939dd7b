import { describe, expect, it } from 'vitest';
import { openAttachment, parseHead, parseMessage } from '#mail';

const crlf = (text: string) => text.replaceAll('\n', '\r\n');

/** Head and body as the store has them; the body in chunks of `size`. */
function take(text: string, size = 1_000_000) {
  const whole = Buffer.from(crlf(text), 'latin1');
  const end = whole.indexOf('\r\n\r\n');
  const body = whole.subarray(end + 4);
  async function* chunks() {
    for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
  }
  return { head: parseHead(whole.subarray(0, end + 2)), body: chunks };
}
async function parse(text: string, size?: number) {
  const { head, body } = take(text, size);
  const { texts, attachments } = await parseMessage(head, body());
  return { texts: Object.fromEntries(texts), attachments };
}
async function extract(text: string, index: number, size?: number) {
  const { head, body } = take(text, size);
  const found = await openAttachment(head, body(), index);
  if (found === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of found.content) chunks.push(chunk);
  return { filename: found.filename, contentType: found.contentType, content: Buffer.concat(chunks).toString('latin1') };
}

const MIXED = `Subject: x
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

preamble
--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=F6=DFe
--a
Content-Type: text/x-amp-html

<html amp4email></html>
--a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+R3LDtsOfZTwvcD4=
--a--
--m
Content-Type: image/png; name="dot.png"
Content-Disposition: inline; filename="../../dot.png"
Content-ID: <dot.png>
Content-Transfer-Encoding: base64

iVBORw0K
Ggo=
--m
Content-Type: text/plain; charset=utf-8
Content-Disposition: attachment; filename*=utf-8''n%C3%B6te.txt
Content-Transfer-Encoding: quoted-printable

a =3D b=
!
--m
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/mixed; boundary=i

--i
Content-Disposition: attachment; filename=inner.txt

inner
--i--
--m
Content-Type: text/plain

Footer
--m--
epilogue
`;

describe('parseMessage', () => {
  it.each([1, 3, 7, 1000])('decodes texts and measures attachments, however it is cut (%i)', async (size) => {
    const { texts, attachments } = await parse(MIXED, size);
    expect(texts).toEqual({ plain: 'Größe\r\nFooter', 'amp-html': '<html amp4email></html>', html: '<p>Größe</p>' });
    expect(attachments).toEqual([
      { filename: 'dot.png', contentType: 'image/png', size: 8, contentId: 'dot.png' },
      { filename: 'nöte.txt', contentType: 'text/plain', size: 6, contentId: '' },
      { filename: '', contentType: 'message/rfc822', size: 133, contentId: '' },
    ]);
  });

  it.each([1, 3, 7, 1000])('gives the bytes of each attachment, however it is cut (%i)', async (size) => {
    expect(await extract(MIXED, 0, size)).toEqual({ filename: 'dot.png', contentType: 'image/png', content: '\x89PNG\r\n\x1a\n' });
    expect(await extract(MIXED, 1, size)).toMatchObject({ filename: 'nöte.txt', content: 'a = b!' });
    expect((await extract(MIXED, 2, size))?.content).toMatch(/^Subject: inner\r\n[\s\S]*--i--$/);
    expect(await extract(MIXED, 3, size)).toBeUndefined();
    expect(await extract(MIXED, -1, size)).toBeUndefined();
  });

  it.each([
    ['Subject: x\n\nHello\n', { plain: 'Hello\r\n' }, 0],
    ['Subject: x\nContent-Type: text/html; charset=windows-1252\n\n<p>\x80</p>', { html: '<p>€</p>' }, 0],
    ['Subject: x\nContent-Type: text/plain; charset=no-such\n\nGr\xc3\xb6\xc3\x9fe', { plain: 'Größe' }, 0],
    ['Subject: x\nContent-Type: application/pdf\n\n%PDF', {}, 1],
    ['Subject: x\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR', { calendar: 'BEGIN:VCALENDAR' }, 0],
    ['Subject: x\nContent-Type: multipart/mixed; boundary=m\n\nno part', {}, 0],
    ['Subject: x\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nopen', { plain: 'open' }, 0],
    ['Subject: x\n\n', { plain: '' }, 0],
  ])('reads %j', async (text, texts, attachments) => {
    const parsed = await parse(text);
    expect(parsed.texts).toEqual(texts);
    expect(parsed.attachments).toHaveLength(attachments);
  });

  it('stays small and quick with ten thousand parts in 25 MB', async () => {
    const part = `--m\nContent-Disposition: attachment; filename=a.bin\nContent-Transfer-Encoding: base64\n\n${'QUJD'.repeat(600)}\n`;
    const text = `Content-Type: multipart/mixed; boundary=m\nSubject: x\n\n${part.repeat(10_000)}--m--\n`;
    const { head, body } = take(text, 65_536);
    const { attachments } = await parseMessage(head, body());
    expect(attachments).toHaveLength(1000);
    expect(attachments[999]).toMatchObject({ filename: 'a.bin', size: 1800 });
    expect(await openAttachment(head, body(), 1000)).toBeUndefined();
  });

  it('keeps no more than 4 MiB of text', async () => {
    const { texts } = await parse(`Content-Type: text/plain\nSubject: x\n\n${'x'.repeat(6_000_000)}`, 65_536);
    expect(texts.plain).toHaveLength(4 * 1024 * 1024);
  });

  it('stops reading behind the attachment that is asked for', async () => {
    const { head, body } = take(MIXED, 1);
    let [read, isReturned] = [0, false];
    async function* counted() {
      try {
        for await (const chunk of body()) {
          read++;
          yield chunk;
        }
      } finally {
        isReturned = true;
      }
    }
    const found = await openAttachment(head, counted(), 0);
    for await (const chunk of found?.content ?? []) expect(chunk.byteLength).toBeGreaterThan(0);
    expect(read).toBeLessThan(700);
    expect(isReturned).toBe(true);
  });
});
