import { describe, expect, it } from 'vitest';
import { listAttachments, makeAttachmentLister, parseHead } from '#mail';
import { type Family, steepFamilies } from '../../support/growth.js';
import { cut } from './support/read-all.js';

const mixed = parseHead(Buffer.from('Content-Type: multipart/mixed; boundary="b"\r\n'));
const body = (...parts: string[]) => Buffer.from(`${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`);

describe('listAttachments', () => {
  it.each<[string, string, [string, string, number][]]>([
    [
      'base64',
      'Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\nRA==',
      [['a.png', 'image/png', 4]],
    ],
    [
      'quoted-printable',
      'Content-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\nb \r\nc',
      [['a.csv', 'text/csv', 6]],
    ],
    ['no encoding', 'Content-Type: text/csv\r\nContent-Disposition: ATTACHMENT; filename=a.csv\r\n\r\nab\r\nc', [['a.csv', 'text/csv', 5]]],
    [
      'inline with a name',
      'Content-Type: image/gif\r\nContent-Disposition: inline; filename="a b.gif"\r\n\r\nx',
      [['a b.gif', 'image/gif', 1]],
    ],
    ['attached without a name', 'Content-Type: image/gif\r\nContent-Disposition: attachment\r\n\r\nx', [['', 'image/gif', 1]]],
    ['RFC 2231', "Content-Disposition: attachment; filename*0*=utf-8''%C3%BC; filename*1=.txt\r\n\r\n", [['ü.txt', 'text/plain', 0]]],
    ['an encoded word', 'Content-Disposition: attachment; filename="=?utf-8?B?w7wudHh0?="\r\n\r\n', [['ü.txt', 'text/plain', 0]]],
    ['raw UTF-8', 'Content-Disposition: attachment; filename="ü.txt"\r\n\r\n', [['ü.txt', 'text/plain', 0]]],
    ['a path', 'Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\n', [['passwd', 'text/plain', 0]]],
    ['a Windows path', 'Content-Disposition: attachment; filename=C:\\\\x\\\\a.doc\r\n\r\n', [['a.doc', 'text/plain', 0]]],
    ['an encoded line break', 'Content-Disposition: attachment; filename="=?utf-8?Q?a=0D=0AX:_y?="\r\n\r\n', [['a X: y', 'text/plain', 0]]],
    [
      'an attached message',
      'Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=m.eml\r\n\r\nA: 1\r\n\r\nx',
      [['m.eml', 'message/rfc822', 9]],
    ],
    ['plain text', 'Content-Type: text/plain\r\n\r\nx', []],
    ['a part that is only a head', 'Content-Disposition: attachment; filename=a', [['a', 'text/plain', 0]]],
  ])('%s', async (_, part, expected) => {
    for (const size of [1, 7, 1e6]) {
      const found = await listAttachments(mixed, cut(body('\r\ntext', part), size));
      expect(found.map(({ filename, contentType, size: bytes }) => [filename, contentType, bytes])).toEqual(expected);
    }
  });

  it('finds those of nested multiparts, in order', async () => {
    const nested = 'Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: a/b; name=1\r\n\r\nx\r\n--c--';
    const found = await listAttachments(mixed, [body(nested, 'Content-Type: a/b; name=2\r\n\r\nx')]);
    expect(found.map(({ filename }) => filename)).toEqual(['1', '2']);
  });

  it('is empty for anything but a multipart', async () => {
    const single = parseHead(Buffer.from('Content-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n'));
    expect(await listAttachments(single, [Buffer.from('x')])).toEqual([]);
    expect(await listAttachments([], [Buffer.from('x')])).toEqual([]);
  });

  it.each([
    ['no end', '--b\r\nContent-Type: a/b; name=a\r\n\r\nx', 1],
    ['a boundary that never comes', 'text\r\n', 0],
    ['empty', '', 0],
    ['nothing but delimiters', '--b\r\n'.repeat(5000), 0],
    ['more than 1000 parts', '--b\r\nContent-Type: a/b; name=a\r\n\r\nx\r\n'.repeat(2000), 999],
  ])('gives what it has: %s', async (_, text, count) => {
    expect(await listAttachments(mixed, cut(Buffer.from(text), 4096))).toHaveLength(count);
  });

  it('takes linear time for hostile nesting and parameters', async () => {
    const nested = parseHead(Buffer.from('Content-Type: multipart/mixed; boundary=b0\r\n'));
    const level = (n: number) => `--b${n}\r\nContent-Type: multipart/mixed; boundary=b${n + 1}\r\n\r\n`;
    const deep = (size: number) => Buffer.from(Array.from({ length: size }, (_, n) => level(n)).join(''));
    expect(await steepFamilies([['nesting', deep]], 5000, (bytes) => listAttachments(nested, cut(bytes, 65_536)))).toEqual([]);
    const hostile: Family<Buffer>[] = [
      ['comments', (size) => body(`Content-Type: a/b; ${'(('.repeat(size / 2)}\r\n\r\nx`)],
      ['parameters', (size) => body(`Content-Disposition: attachment; ${'a=b;'.repeat(size / 4)}\r\n\r\nx`)],
    ];
    expect(await steepFamilies(hostile, 200_000, (bytes) => listAttachments(mixed, [bytes]))).toEqual([]);
  });

  it('looks on while a body passes', () => {
    const lister = makeAttachmentLister(mixed);
    for (const chunk of cut(body('Content-Type: a/b; name=a\r\n\r\nxyz'), 5)) lister.push(chunk);
    expect(lister.end()).toEqual([{ filename: 'a', contentType: 'a/b', size: 3 }]);
  });
});
