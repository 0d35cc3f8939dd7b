/**
 * An upload keeps the parameters of its type, and one without a type gets it from its name. Reported: images came as text/plain, and
 * invitations were none.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachmentType } from '#mail';
import { type Harness, startApi } from '../api/support/harness.js';
import { type Family, steepFamilies } from '../support/growth.js';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

/** Sends files with the head lines given beside Content-Disposition; gives their MIME heads in the message, unfolded, and the attachments as events show them. */
async function upload(field: 'attachment' | 'inline', parts: { filename: string; bytes?: string; head?: string }[]) {
  const fields = Object.entries({ from: 'a@example.com', to: 'b@dst.test', html: '<p>x</p>' });
  const texts = [
    ...fields.map(([name, value]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`),
    ...parts.map(({ filename, bytes = 'x', head = '' }) => {
      return `Content-Disposition: form-data; name="${field}"; filename="${filename}"\r\n${head}\r\n${bytes}`;
    }),
  ];
  const body = Buffer.from(`--b0\r\n${texts.join('\r\n--b0\r\n')}\r\n--b0--\r\n`, 'latin1');
  const answer = await api.call('POST', '/v3/example.com/messages', {
    body,
    headers: { 'content-type': 'multipart/form-data; boundary=b0' },
  });
  expect(answer.status, answer.text).toBe(200);
  const message = api.intake.accepted.at(-1);
  const flat = (message?.raw ?? '').replace(/\r\n[ \t]+/g, ' ');
  const heads = [...flat.matchAll(/Content-Type: ([^\r\n]*)\r\n(?:[^\r\n]+\r\n)*?Content-Disposition: /g)].map(([, type = '']) => type);
  return { heads, attachments: message?.attachments };
}

describe.each(['attachment', 'inline'] as const)('%s', (field) => {
  it.each([
    [
      'method',
      'invite.ics',
      'text/calendar; charset=utf-8; method=REQUEST',
      'text/calendar; charset=utf-8; method=REQUEST; name=invite.ics',
    ],
    [
      'charset and header',
      'a.csv',
      'Text/CSV; Charset=ISO-8859-1; header=present',
      'text/csv; charset=ISO-8859-1; header=present; name=a.csv',
    ],
    [
      'a quoted value',
      'a.txt',
      'text/plain; charset="utf-16"; title="a; b=\\"c\\""',
      'text/plain; charset=utf-16; title="a; b=\\"c\\""; name=a.txt',
    ],
    ['folded', 'a.txt', 'text/plain;\r\n\tformat=flowed', 'text/plain; charset=utf-8; format=flowed; name=a.txt'],
    ['one given twice', 'a.txt', 'text/plain; charset=a; charset=b', 'text/plain; charset=a; name=a.txt'],
    ['a name of its own', 'a.txt', 'text/plain; name=other.exe; charset=a', 'text/plain; charset=a; name=a.txt'],
  ])('keeps the parameters: %s', async (_, filename, type, expected) => {
    const { heads } = await upload(field, [{ filename, head: `Content-Type: ${type}\r\n` }]);
    expect(heads).toEqual([expected]);
  });

  it.each([
    ['logo.png', 'image/png'],
    ['PHOTO.JPG', 'image/jpeg'],
    ['photo.heic', 'image/heic'],
    ['report.pdf', 'application/pdf'],
    ['clip.m4a', 'audio/mp4'],
    ['backup.tar.gz', 'application/gzip'],
    ['invite.ics', 'text/calendar'],
    ['unknown.zzz', 'application/octet-stream'],
    ['pdf', 'application/octet-stream'],
    ['letter.eml', 'application/octet-stream'],
    ['page.mhtml', 'application/octet-stream'],
  ])('%s without a type, or with one that says nothing, is %s', async (filename, expected) => {
    const heads = [
      '',
      'Content-Type: application/octet-stream\r\n',
      'Content-Type: APPLICATION/octet-stream; charset=binary\r\n',
      'Content-Type: junk\r\n',
    ];
    const found = await upload(
      field,
      heads.map((head) => ({ filename, head })),
    );
    expect(found.heads.map((head) => head.split(';')[0])).toEqual(heads.map(() => expected));
    expect(found.attachments?.map(({ contentType }) => contentType)).toEqual(heads.map(() => expected));
  });
});

it('takes what was said for what is meant', async () => {
  const { heads, attachments } = await upload('attachment', [
    { filename: 'logo.png', head: 'Content-Type: text/plain; charset=us-ascii\r\n' },
    { filename: 'a.pdf', head: 'X-Note: content-type: image/png\r\n' },
    { filename: 'b.pdf', bytes: 'Content-Type: image/png\r\n\r\nx' },
  ]);
  expect(heads.map((head) => head.split(';')[0])).toEqual(['text/plain', 'application/pdf', 'application/pdf']);
  expect(attachments?.[0]).toEqual({ filename: 'logo.png', contentType: 'text/plain', size: 1 });
});

it('reads types in linear time', async () => {
  const hostile: Family<string>[] = [
    ['parameters', (size) => `text/plain${'; a="'.repeat(size / 5)}`],
    ['blanks', (size) => `text/plain;${' '.repeat(size)}`],
    ['a long name', (size) => `text/plain; ${'a'.repeat(size)}`],
    ['backslashes', (size) => `text/plain; a="${'\\'.repeat(size)}`],
  ];
  expect(await steepFamilies(hostile, 80_000, (text) => attachmentType(text, 'a.png'))).toEqual([]);
});
