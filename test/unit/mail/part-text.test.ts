import { describe, expect, it } from 'vitest';
import { parseHead } from '#mail';
import { readPart } from '#mail/mime/mime-part.js';
import { charsetOf, textOfPart } from '#mail/mime/part-text.js';

const part = (head: string) =>
  readPart(parseHead(Buffer.from(head)), Buffer.alloc(0), { depth: 0, around: '', maxDepth: 5, openMessages: false, isSealed: false });

describe('textOfPart', () => {
  it.each([
    [
      'quoted-printable and utf-8',
      'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n',
      'Gr=C3=BC=\r\n=C3=9Fe',
      'Grüße',
    ],
    [
      'base64 and latin1',
      'Content-Type: text/html; charset="ISO-8859-1"\r\nContent-Transfer-Encoding: BASE64\r\n',
      'R3L8\r\n32U=',
      'Grüße',
    ],
    ['8bit without a charset', 'Content-Type: text/plain\r\n', 'Grüße', 'Grüße'],
    ['nothing said at all', '', 'plain\r\n', 'plain\r\n'],
    ['an encoding that nobody knows', 'Content-Transfer-Encoding: x-rot13\r\n', 'uryyb', 'uryyb'],
  ])('reads %s', (_, head, content, text) => {
    expect(textOfPart(part(head), Buffer.from(content))).toBe(text);
  });

  it('reads a charset of the far east', () => {
    const head = part('Content-Type: text/plain; charset=iso-2022-jp\r\n');
    expect(textOfPart(head, Buffer.from('\x1b$B$3$s\x1b(B', 'latin1'))).toBe('こん');
  });

  it('takes an unknown charset for utf-8', () => {
    expect(charsetOf(part('Content-Type: text/plain; charset=x-klingon\r\n'))).toBe('utf-8');
  });
});
