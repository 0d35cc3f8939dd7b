/** Whatever the values hold: the message has the same fields and the same parts, and they decode to the text around the values. */
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { parseHead } from '#mail';
import { makeRandom, type Random } from '../../../fuzz/mail/mutate.js';
import { leavesOf } from '../support/leaves-of.js';
import { merge, recipient, split } from './support.js';

const TOKENS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\r\n.\r\n',
  '--inner',
  '\r\n--inner\r\n',
  '\r\n--inner--\r\n',
  '\0',
  '\u001b',
  '=',
  '=3D',
  '=?utf-8?Q?=0A?=',
  '%recipient.a%',
  '%',
  'é',
  '日本',
  '😀',
  '\ud800',
  '\u2028',
  '<',
  '>',
  ',',
  ';',
  ':',
  '"',
  '\\',
  '@',
  '(',
  ')',
  'Bcc: x@x.test',
  ' ',
  '\t',
  'word',
  'y'.repeat(1200),
];

const value = (random: Random) =>
  Array.from({ length: Math.floor(random() * 8) }, () => TOKENS[Math.floor(random() * TOKENS.length)]).join('');

const message = (encoding: string) => {
  const body = (text: string) => (encoding === 'base64' ? Buffer.from(text).toString('base64') : text);
  return `Received: by x
From: %recipient.a% <me@src.test>
To: %recipient%
Reply-To: "%recipient.b%" <r@src.test>
Subject: S %recipient.a% %recipient.b%
X-Custom: %recipient.b%
List-Unsubscribe: <https://x.test/%recipient.a%>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: ${encoding}

${body('Dear %recipient.a%,\r\n%recipient.b%\r\nend')}
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: ${encoding}

${body('<p>%recipient.b%%recipient.a%</p>')}
--inner--
`;
};

describe.each(['7bit', '8bit', 'quoted-printable', 'base64'])('values in a message of %s parts', (encoding) => {
  it('never change its structure', async () => {
    const random = makeRandom(20_261_121);
    const raw = message(encoding);
    const names = parseHead(split(raw).head).map((field) => field.name);
    for (let round = 0; round < 150; round++) {
      const [a, b, name] = [value(random), value(random), value(random)];
      const made = await merge(raw, recipient({ a, b }, name), 1 + Math.floor(random() * 100));
      const what = JSON.stringify({ a, b, name });
      const fields = parseHead(Buffer.from(made.head));
      expect(
        fields.map((field) => field.name),
        what,
      ).toEqual(names);
      expect(made.head, what).toMatch(/^(?:[\x20-\x7e\t]{1,998}\r\n)+$/);
      expect(made.body, what).not.toMatch(/(?<!\r)\n|\r(?!\n)|\0/);
      const shape = leavesOf(Buffer.from(made.raw)).map((leaf) => leaf.type);
      expect(shape, what).toEqual(['text/plain', 'text/html']);
      const mail = await simpleParser(made.raw);
      expect(mail.attachments, what).toEqual([]);
      expect(mail.headers.has('bcc'), what).toBe(false);
      expect([mail.from?.value.length, mail.replyTo?.value.map((one) => one.address)], what).toEqual([1, ['r@src.test']]);
      expect(mail.to, what).toMatchObject({ value: [{ address: 'bob@dst.test' }] });
      expect(mail.text, what).toMatch(/^Dear [\s\S]*end/);
    }
  });
});
