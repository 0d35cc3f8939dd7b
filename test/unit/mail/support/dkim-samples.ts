/** Messages whose bytes have broken signers: each is signed and verified, here and by other verifiers. */
const head = 'From: Ann <a@example.com>\r\nTo: b@y.example\r\nSubject: a  subject\t here \r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n';

export const sampleMessages: [string, Buffer][] = [
  ['plain', Buffer.from(`${head}\r\nhello\r\nworld\r\n`)],
  ['8-bit UTF-8', Buffer.from(`${head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße, 日本\r\n`)],
  ['8-bit Latin-1', Buffer.from(`${head}X-Latin: \xe9\r\n\r\n\xe9t\xe9 \xa0\xa0 \r\n`, 'latin1')],
  ['empty body', Buffer.from(`${head}\r\n`)],
  ['head only', Buffer.from(head)],
  ['body of empty lines', Buffer.from(`${head}\r\n\r\n \r\n\t\r\n`)],
  ['long line', Buffer.from(`${head}\r\n${'x'.repeat(5000)}\r\n`)],
  ['no final line end', Buffer.from(`${head}\r\nhello`)],
  ['bare CR and LF', Buffer.from('From: a@example.com\nSubject: x\n\nbare\rcr\nbare lf\r\r\nend\n')],
  ['trailing white space', Buffer.from(`${head}\r\nline \r\nline\t\t\r\n  two  spaces\r\n \r\n\r\n`)],
  ['folded headers', Buffer.from(`From: Ann\r\n <a@example.com>\r\nSubject:\r\n folded\r\n\t twice \r\n\r\nbody\r\n`)],
  ['empty header values', Buffer.from('From: a@example.com\r\nSubject:\r\nReply-To: \r\n\r\nbody\r\n')],
  ['dots', Buffer.from(`${head}\r\n.\r\n..\r\n.x\r\n`)],
  [
    'attachment',
    Buffer.from(
      `${head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhé\r\n` +
        `--b\r\nContent-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(500)}\r\n--b--\r\n`,
    ),
  ],
];

/** Not with mailauth, which takes NBSP in a header for white space (RFC 6376 2.8 does not); dkimpy verifies it. */
export const nbspMessage: [string, Buffer] = [
  'NBSP in headers',
  Buffer.from('From: a@example.com\r\nSubject: \xa0 x \xa0\r\nTo: \xa0b@y.example\xa0\r\n\r\nbody\r\n', 'latin1'),
];
