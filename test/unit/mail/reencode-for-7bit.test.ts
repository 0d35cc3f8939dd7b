import { describe, expect, it } from 'vitest';
import { firstValue, parseHead, type ReencodeReasons, reencodeFor7Bit } from '#mail';
import { leavesOf } from './support/leaves-of.js';
import { cut, join, readAll } from './support/read-all.js';

const both: ReencodeReasons = { eightBit: true, longLines: true };

async function reencode(raw: string | Buffer, reasons = both, chunkSize = 1e9) {
  const read = readAll(raw);
  const again = await reencodeFor7Bit(parseHead(read.head), cut(read.body, chunkSize), reasons);
  const body = await join(again.body);
  const head = Buffer.concat(again.head.map((field) => field.raw));
  return {
    fields: again.head,
    head: head.toString('latin1'),
    body: body.toString('latin1'),
    wire: Buffer.concat([head, Buffer.from('\r\n'), body]),
  };
}

const multipart = (...parts: string[]) =>
  Buffer.from(
    `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`,
  );

describe('a message of one part', () => {
  it('becomes quoted-printable and says so', async () => {
    const { head, body } = await reencode(
      'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\né=\r\n',
    );
    expect(head).toBe(
      'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n',
    );
    expect(body).toBe('=C3=A9=3D\r\n');
  });

  it('gets the MIME fields it lacks', async () => {
    const { fields } = await reencode(`Subject: x\r\n\r\nGrüße\r\n`);
    expect(['mime-version', 'content-type', 'content-transfer-encoding'].map((name) => firstValue(fields, name))).toEqual([
      '1.0',
      'text/plain; charset=utf-8',
      'quoted-printable',
    ]);
  });

  it('does not claim a charset that the bytes are not in', async () => {
    const { fields } = await reencode(Buffer.from('Subject: x\r\n\r\nGr\xfc\xdfe\r\n', 'latin1'));
    expect(firstValue(fields, 'content-type')).toBe('text/plain; charset=unknown-8bit');
  });

  it('becomes base64 when it is not text', async () => {
    const { head, body } = await reencode(Buffer.from('Content-Type: image/png\r\n\r\n\xff\xfe\r\n', 'latin1'));
    expect(head).toContain('Content-Transfer-Encoding: base64\r\n');
    expect(body).toBe('//4NCg==\r\n');
  });

  it.each([
    ['8-bit for a peer that takes it', 'Subject: x\r\n\r\né\r\n', { eightBit: false, longLines: true }],
    ['a long line when only 8-bit matters', `Subject: x\r\n\r\n${'x'.repeat(2000)}\r\n`, { eightBit: true, longLines: false }],
    ['plain text', 'Subject: x\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhello\r\n', both],
    ['nothing', 'Subject: x\r\n\r\n', both],
    ['no reason', `Content-Transfer-Encoding: binary\r\n\r\n${'é'.repeat(2000)}\r\n`, { eightBit: false, longLines: false }],
  ])('keeps its bytes: %s', async (_, raw, reasons) => {
    expect((await reencode(raw, reasons)).wire.toString()).toBe(raw);
  });

  it('no longer says 8bit when it is sent as 7-bit', async () => {
    expect((await reencode('Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n')).head).toBe('Content-Transfer-Encoding: 7bit\r\n');
    expect((await reencode('Content-Transfer-Encoding: binary\r\n\r\nx\r\n', { eightBit: false, longLines: true })).head).toBe(
      'Content-Transfer-Encoding: 8bit\r\n',
    );
  });
});

describe('every leaf decodes to the same bytes', () => {
  const long = 'word '.repeat(500);
  it.each<[string, string]>([
    ['8-bit text', 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\né = \r\n-- \r\n\r\n\t\r\nend'],
    ['text with long lines', `Content-Type: text/html\r\n\r\n${long}\r\n--b not\r\n${'-'.repeat(3000)}`],
    ['text of blanks', `Content-Type: text/plain\r\n\r\n${' '.repeat(3000)}\r\n\té\t`],
    ['no head at all', '\r\né'],
    ['no content', 'Content-Type: text/plain; charset="ü"\r\n\r\n'],
    ['octets', 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\u00ff\u0001\r\n\r\n'],
    ['base64 on one line', `Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(1000)}`],
    [
      'quoted-printable with long lines',
      `Content-Transfer-Encoding: quoted-printable\r\n\r\n${'=C3=A9 x'.repeat(400)}=20\r\nsoft=\r\nbreak =3D=0D=0A=0D x`,
    ],
    ['quoted-printable with 8-bit bytes', 'Content-Transfer-Encoding: Quoted-Printable\r\n\r\né=C3=A9 \t \r\nbad =zz escape=\r\n'],
    ['an unknown encoding', 'Content-Transfer-Encoding: x-unknown\r\n\r\né'],
    ['a status report', 'Content-Type: message/delivery-status\r\n\r\nDiagnostic-Code: smtp; é'],
  ])('%s', async (_, part) => {
    for (const source of [multipart('\r\nbefore', part, '\r\nafter'), multipart(part)]) {
      const expected = leavesOf(source);
      const { wire } = await reencode(source);
      expect(leavesOf(wire)).toEqual(expected);
      expect(readAll(wire).traits).toEqual({ eightBitHead: false, eightBitBody: false, longLines: false });
    }
  });

  it('also a large one, which is not held in memory', async () => {
    const text = `é${'some text, and more of it\r\n'.repeat(20_000)}`;
    const source = multipart(`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`);
    const { wire } = await reencode(source, both, 10_000);
    expect(leavesOf(wire)[0]?.content).toBe(leavesOf(source)[0]?.content);
  });
});

describe('structure', () => {
  it('leaves clean parts as they are, byte for byte', async () => {
    const clean = 'Content-Type: application/pdf;\r\n\tname="a.pdf"\r\nContent-Transfer-Encoding:  BASE64\r\n\r\nQUJD\r\nREVG';
    const { body } = await reencode(multipart(clean, 'Content-Type: text/plain\r\n\r\né'));
    expect(body).toContain(`--b\r\n${clean}\r\n--b\r\n`);
  });

  it('walks into attached messages, which may not be encoded', async () => {
    const inner =
      'Subject: é\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Transfer-Encoding: 8bit\r\n\r\né\r\n--c--';
    const { body } = await reencode(multipart(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${inner}`));
    expect(body).toContain('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: =?UTF-8?B?w6k=?=\r\n');
    expect(body).toContain('--c\r\nContent-Transfer-Encoding: quoted-printable\r\n');
    expect(body).toContain('=C3=A9\r\n--c--\r\n--b--\r\n');
  });

  it('relabels the multiparts around', async () => {
    const raw = multipart('Content-Type: text/plain\r\n\r\né')
      .toString()
      .replace('boundary="b"', 'boundary="b"\r\nContent-Transfer-Encoding: 8bit');
    expect((await reencode(raw)).head).toMatch(/Content-Transfer-Encoding: 7bit\r\n$/);
  });

  it('writes names of files in ASCII', async () => {
    const { body } = await reencode(
      multipart('Content-Type: a/b; name="ü.txt"\r\nContent-Disposition: attachment; filename="ü.txt"\r\n\r\nx'),
    );
    expect(body).toContain("Content-Disposition: attachment; filename*0*=utf-8''%C3%BC.txt\r\n");
    expect(readAll(`A: 1\r\n\r\n${body}`).traits.eightBitBody).toBe(false);
  });

  it('takes heads of parts that are not UTF-8 for windows-1252', async () => {
    const raw = Buffer.from(
      'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nX-Note: \x80 5\r\n\r\nx\r\n--b--\r\n',
      'latin1',
    );
    expect((await reencode(raw)).body).toContain('X-Note: =?UTF-8?B?4oKs?= 5\r\n');
  });

  it.each([
    ['a preamble', 'Content-Type: multipart/mixed; boundary=b\r\n\r\nprê\r\n--b\r\n\r\nx\r\n--b--\r\n'],
    ['an epilogue', `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n${'é'.repeat(3000)}\r\n`],
    ['a multipart without a boundary', `Content-Type: multipart/mixed\r\n\r\né${'x'.repeat(3000)}\r\n`],
    ['a multipart that never ends', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\né\r\n'],
    [
      'a part that is only a head',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-A: é\r\n--b\r\nContent-Type: text/plain\r\n--b--\r\n',
    ],
    ['a part whose head is text', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-A: 1\r\nthis is é text\r\n--b--\r\n'],
    [
      'long header lines of parts',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-A: ${'é'.repeat(2000)}\r\nX-B: ${'x'.repeat(3000)}\r\n\r\nx\r\n--b--\r\n`,
    ],
    ['a forwarded message inside', 'Content-Type: message/rfc822\r\n\r\nSubject: é\r\n\r\né\r\n'],
    [
      'deep nesting',
      `${Array.from({ length: 100 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`).join('')}\r\né\r\n`,
    ],
  ])('is fit for the peer with %s', async (_, raw) => {
    const { wire } = await reencode(raw);
    expect(readAll(wire).traits).toEqual({ eightBitHead: false, eightBitBody: false, longLines: false });
    expect(wire.subarray(-2).toString()).toBe('\r\n');
  });

  it('gives the same bytes whatever the chunks', async () => {
    const source = multipart(
      '\r\né -- \r\n--',
      `Content-Type: a/b\r\n\r\n${'é\r\n-'.repeat(300)}`,
      'Content-Transfer-Encoding: base64\r\n\r\nQUJDé',
    );
    const whole = await reencode(source);
    for (const size of [1, 2, 3, 5, 17, 100]) expect((await reencode(source, both, size)).wire).toEqual(whole.wire);
  });

  it('stops reading when its reader does', async () => {
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.from('some text é\r\n');
      } finally {
        closed = true;
      }
    }
    const { body } = await reencodeFor7Bit(parseHead(Buffer.from('Subject: x\r\n')), endless(), both);
    for await (const chunk of body) if (chunk.length > 0) break;
    expect(closed).toBe(true);
  });

  it('passes on that the body cannot be read', async () => {
    async function* broken() {
      yield Buffer.from('--b\r\n\r\nx');
      throw new Error('disk');
    }
    const { body } = await reencodeFor7Bit(parseHead(Buffer.from('Content-Type: multipart/mixed; boundary=b\r\n')), broken(), both);
    await expect(join(body)).rejects.toThrow('disk');
  });
});
