import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { parseHead, planMerge, renderMerge } from '#mail';
import { merge, recipient } from './support.js';

const multipart = (text: string, html: string) => `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

preamble %recipient.name%
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

${text}
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

${Buffer.from(html).toString('base64')}
--inner--
--outer
Content-Type: text/plain; name="%recipient.name%.txt"
Content-Disposition: attachment; filename="notes.txt"

attached %recipient.name%
--outer
Content-Type: message/rfc822

Subject: %recipient.name%

attached message %recipient.name%
--outer--
epilogue
`;

describe('a single text', () => {
  it('stays 7-bit where the values allow it', async () => {
    const { head, body } = await merge('Subject: x\n\nHi %recipient.name%\n-- \nTeam\n', recipient({ name: 'Bob' }));
    expect(head).toBe('Subject: x\r\n');
    expect(body).toBe('Hi Bob\r\n-- \r\nTeam\r\n');
  });

  it('becomes quoted-printable for a value beyond ASCII', async () => {
    const { head, body } = await merge('Subject: x\n\nHi %recipient.name%\nBye =\n', recipient({ name: 'Bób' }));
    expect(head).toBe(
      'Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n',
    );
    expect(body).toBe('Hi B=C3=B3b\r\nBye =3D\r\n');
  });

  it('becomes base64 where most of it is beyond ASCII', async () => {
    const raw = `Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${'привет '.repeat(20)}%recipient.name%\n`;
    const { head, body, raw: made } = await merge(raw, recipient({ name: 'Боб' }));
    expect(head).toContain('Content-Transfer-Encoding: base64\r\n');
    expect(body).toMatch(/^(?:[A-Za-z0-9+/=]{1,76}\r\n)+$/);
    expect((await simpleParser(made)).text?.trim()).toBe(`${'привет '.repeat(20)}Боб`);
  });

  it('keeps a soft line break within a placeholder together', async () => {
    const raw =
      'Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: quoted-printable\n\nid: %recip=\nient.id%,\n=20\nThanks\n';
    expect((await merge(raw, recipient({ id: 5 }))).body).toBe('id: 5,\r\n=20\r\nThanks\r\n');
  });

  it('takes line breaks in a value as line breaks of the text', async () => {
    const { body } = await merge('Subject: x\n\n%recipient.x%\nend\n', recipient({ x: 'a\nb\rc\r\nd\0e' }));
    expect(body).toBe('a\r\nb\r\nc\r\nd e\r\nend\r\n');
  });

  it('breaks up a long value', async () => {
    const { head, body } = await merge('Subject: x\n\n%recipient.x%\n', recipient({ x: 'y'.repeat(2000) }));
    expect(head).toContain('quoted-printable');
    expect(body.split('\r\n').every((line) => line.length <= 76)).toBe(true);
  });

  it('is left alone, and so is the head, without a placeholder', async () => {
    const raw = 'Subject: x\nContent-Transfer-Encoding: quoted-printable\n\nHi =62ob %recipientx\n';
    const made = await merge(raw, recipient());
    expect(made.raw).toBe(raw.replace(/\n/g, '\r\n'));
  });
});

describe('a multipart', () => {
  it('fills text and HTML, not attachments, and keeps all other bytes', async () => {
    const { body, raw } = await merge(
      multipart('Gr=FC=DFe, %recipient.name%', '<p>Hi <b>%recipient.name%</b> ü</p>'),
      recipient({ name: 'Bób & <i>' }),
    );
    const mail = await simpleParser(raw);
    expect(mail.text?.trim()).toBe('Grüße, Bób & <i>');
    expect(mail.html).toBe('<p>Hi <b>Bób & <i></b> ü</p>');
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['notes.txt', undefined]);
    expect(mail.attachments[0]?.content.toString()).toBe('attached %recipient.name%');
    expect(body).toContain('preamble %recipient.name%\r\n--outer\r\n');
    expect(body).toContain('attached message %recipient.name%\r\n--outer--\r\nepilogue\r\n');
    expect(body).toContain('Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n');
  });

  it('lets no value end its part', async () => {
    const x = 'a\r\n--inner\r\nContent-Type: text/html\r\n\r\n<script>\r\n--inner--\r\n--outer--\r\n';
    const { raw } = await merge(multipart('%recipient.x%', '%recipient.x%'), recipient({ x }));
    const mail = await simpleParser(raw);
    expect(mail.attachments).toHaveLength(2);
    expect(mail.text?.replace(/\n/g, '\r\n').trim()).toBe(x.trim());
    expect(mail.html).toBe(x.replace(/\r\n/g, '\n'));
  });

  it('ends the last line of a part that nothing ends', async () => {
    const raw = 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n';
    const { body } = await merge(`${raw}${Buffer.from('Hi %recipient.x%').toString('base64')}`, recipient({ x: 'ü' }));
    expect(body.endsWith('\r\n\r\nHi =C3=BC=\r\n')).toBe(true);
  });
});

describe('large texts', () => {
  const plan = (text: string, encoding = '') => {
    const head = `Content-Transfer-Encoding: ${encoding || '7bit'}\r\n`;
    return planMerge(parseHead(Buffer.from(head)), [Buffer.from(encoding === 'base64' ? Buffer.from(text).toString('base64') : text)]);
  };
  const line = `${'x'.repeat(70)}\r\n`;

  it.each(['', 'quoted-printable', 'base64'])('passes over one without placeholders (%s)', async (encoding) => {
    const made = renderMerge(await plan(line.repeat(40_000), encoding), recipient());
    expect(made.isBodyChanged).toBe(false);
  });

  it.each(['', 'quoted-printable', 'base64'])('refuses one with placeholders, wherever they are (%s)', async (encoding) => {
    await expect(plan(`${line.repeat(40_000)}%recipient.x%`, encoding)).rejects.toThrow(Refusal);
    await expect(plan(`%recipient.x%${line.repeat(40_000)}`, encoding)).rejects.toThrow('at most 1048576 bytes');
  });
});
