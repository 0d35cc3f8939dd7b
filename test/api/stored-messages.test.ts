/** Stored messages over HTTP: shapes and texts that clients read, bytes of attachments, sending again, deleting. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '#core';
import { FACTS } from './support/fake-stored.js';
import { type Harness, KEYS, multipart, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const PATH = '/v3/domains/example.com/messages';
const PLAIN = `Received: by mail.example.net
Received: from a.example
From: =?utf-8?q?Sh=C3=B6p?= <shop@example.com>
To: Alice <alice@example.org>, bob@example.org
Cc: carol@example.org
Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=
Message-Id: <m1@example.com>
recipients: somebody else
__proto__: x

Hello
On 4 March 2026, Bob <bob@example.org> wrote:
> Hi
`;
const MIXED = `From: shop@example.com
To: alice@example.org
Subject: x
Mime-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: text/html; charset=utf-8

<p>Hello <b>you</b></p><blockquote type="cite">Hi</blockquote>
--m
Content-Type: text/x-amp-html

<html amp4email></html>
--m
Content-Type: text/html; name="evil.html"
Content-Disposition: attachment; filename*=utf-8''%E2%82%AC%22x.html
Content-Transfer-Encoding: base64

PHNjcmlwdD4=
--m
Content-Type: image/png
Content-Disposition: inline; filename=dot.png
Content-Id: <dot.png>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--m--
`;

describe('a stored message', () => {
  it('is read with its header fields as keys', async () => {
    const key = api.stored.add(PLAIN);
    const { status, json } = await api.call('GET', `${PATH}/${key}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      recipients: 'alice@example.org, bob@example.org, carol@example.org',
      sender: 'shop@example.com',
      from: 'Shöp <shop@example.com>',
      subject: 'Größe',
      'body-plain': 'Hello\r\nOn 4 March 2026, Bob <bob@example.org> wrote:\r\n> Hi\r\n',
      'stripped-text': 'Hello',
      'stripped-signature': '',
      attachments: [],
      'content-id-map': {},
      'message-url': `http://127.0.0.1:${api.port}${PATH}/${key}`,
      From: 'Shöp <shop@example.com>',
      To: 'Alice <alice@example.org>, bob@example.org',
      Subject: 'Größe',
      'Message-Id': '<m1@example.com>',
      Received: 'by mail.example.net',
      'X-Mailgun-Tag': 'one',
      'X-Mailgun-Variables': '{"order":"1001"}',
    });
    expect(json).not.toHaveProperty('body-html');
    expect(json['message-headers'].slice(0, 3)).toEqual([
      ['Received', 'by mail.example.net'],
      ['Received', 'from a.example'],
      ['From', 'Shöp <shop@example.com>'],
    ]);
    expect(json['message-headers'].slice(-3)).toEqual([
      ['X-Mailgun-Tag', 'one'],
      ['X-Mailgun-Tag', 'two'],
      ['X-Mailgun-Variables', '{"order":"1001"}'],
    ]);
  });

  it('has the keys that clients read by their spelling, and those of the message beside them', async () => {
    const text =
      'from: a@example.com\nMESSAGE-ID: <first@example.com>\nMessage-ID: <m2@example.com>\nMIME-Version: 1.0\ncontent-type: text/plain\n\nHi\n';
    const { json } = await api.call('GET', `${PATH}/${api.stored.add(text)}`);
    expect(json).toMatchObject({
      ...{ From: 'a@example.com', from: 'a@example.com', 'Message-Id': '<first@example.com>', 'Message-ID': '<m2@example.com>' },
      ...{ 'Mime-Version': '1.0', 'MIME-Version': '1.0', 'Content-Type': 'text/plain', 'content-type': 'text/plain' },
    });
    expect(json['message-headers'].map(([name]: [string]) => name)).toEqual(
      expect.arrayContaining(['from', 'MESSAGE-ID', 'Message-ID', 'MIME-Version', 'content-type']),
    );
    expect(json).not.toHaveProperty('Subject');
  });

  it('names the template that made it', async () => {
    const key = api.stored.add(PLAIN, { facts: { ...FACTS, template: { name: 'welcome', version: 'v1', isText: false } } });
    const { json } = await api.call('GET', `${PATH}/${key}`);
    expect(json['X-Mailgun-Template-Name']).toBe('welcome');
    expect(json['message-headers']).toContainEqual(['X-Mailgun-Template-Name', 'welcome']);
    expect((await api.call('GET', `${PATH}/${api.stored.add(PLAIN)}`)).json).not.toHaveProperty('X-Mailgun-Template-Name');
  });

  it('names its parts and attachments', async () => {
    const key = api.stored.add(MIXED);
    const { json } = await api.call('GET', `${PATH}/${key}`, { headers: { accept: 'application/json, text/plain, */*' } });
    const url = (number: number) => `http://127.0.0.1:${api.port}${PATH}/${key}/attachments/${number}`;
    const [html, dot] = [
      { url: url(0), 'content-type': 'text/html', name: '€"x.html', size: 8 },
      { url: url(1), 'content-type': 'image/png', name: 'dot.png', size: 8 },
    ];
    expect(json).toMatchObject({
      'body-plain': 'Hello you\n\n> Hi',
      'stripped-text': 'Hello you',
      'body-html': '<p>Hello <b>you</b></p><blockquote type="cite">Hi</blockquote>',
      'stripped-html': '<p>Hello <b>you</b></p>',
      'body-amp-html': '<html amp4email></html>',
    });
    expect(json.attachments).toEqual([html, dot]);
    expect(json['content-id-map']).toEqual({ '<dot.png>': dot });
  });

  it.each(['message/rfc2822', 'message/rfc822', 'Message/RFC2822; q=0.9, */*'])('is read as MIME with Accept: %s', async (accept) => {
    const key = api.stored.add(PLAIN.replace('Hello', 'Hello "\xe2\x82\xac"\t'));
    const { json, headers } = await api.call('GET', `${PATH}/${key}`, { headers: { accept } });
    expect(headers['content-type']).toBe('application/json');
    expect(json).toEqual({
      recipients: 'alice@example.org, bob@example.org, carol@example.org',
      recipient: 'alice@example.org, bob@example.org, carol@example.org',
      sender: 'shop@example.com',
      from: 'Shöp <shop@example.com>',
      subject: 'Größe',
      'message-url': `http://127.0.0.1:${api.port}${PATH}/${key}`,
      'body-mime': PLAIN.replace('Hello', 'Hello "€"\t').replaceAll('\n', '\r\n'),
    });
  });

  it('loses nothing as MIME when its bytes are no UTF-8', async () => {
    const key = api.stored.add('From: shop@example.com\nMime-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xf6\xdfe\n');
    const { json } = await api.call('GET', `${PATH}/${key}`, { headers: { accept: 'message/rfc2822' } });
    expect(json['body-mime']).toContain('Content-Transfer-Encoding: quoted-printable\r\n');
    expect(json['body-mime']).toContain('\r\n\r\nGr=F6=DFe\r\n');
  });

  it('gives the bytes of an attachment, whatever is accepted, and no page to a browser', async () => {
    const key = api.stored.add(MIXED);
    const html = await api.call('GET', `${PATH}/${key}/attachments/0`, { headers: { accept: 'message/rfc2822' } });
    expect(html).toMatchObject({ status: 200, text: '<script>' });
    expect(html.headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': `attachment; filename="__x.html"; filename*=UTF-8''%E2%82%AC%22x.html`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    });
    const dot = await api.call('GET', `${PATH}/${key}/attachments/1`);
    expect(dot.headers).toMatchObject({ 'content-type': 'image/png', 'content-disposition': 'attachment; filename="dot.png"' });
    for (const number of ['2', '-1', 'x', '1e0', '0000000', '999999999999999999999']) {
      const none = await api.call('GET', `${PATH}/${key}/attachments/${number}`);
      expect(none).toMatchObject({ status: 404, json: { message: 'Attachment not found' } });
    }
  });

  it('answers what fails before it has begun, and cuts the connection when it fails later', async () => {
    const key = api.stored.add(MIXED);
    const mime = { headers: { accept: 'message/rfc2822' } };
    api.stored.openBody = () => {
      throw new StoreError('failed', 'the file is gone');
    };
    for (const path of [`${PATH}/${key}`, `${PATH}/${key}/attachments/0`])
      expect(await api.call('GET', path, mime)).toMatchObject({
        status: 503,
        json: { message: 'Storage is not available, try again later' },
      });
    let reads = 0;
    api.stored.openBody = async function* () {
      yield Buffer.from('a');
      // Read once to see what it is, and once to be sent.
      if (++reads === 2) throw new StoreError('failed', 'the file is too short');
    };
    await expect(api.call('GET', `${PATH}/${key}`, mime)).rejects.toThrow();
    expect(api.logs.filter(({ level }) => level === 50)).toHaveLength(3);
  });

  it('answers HEAD without a body', async () => {
    const key = api.stored.add(MIXED);
    for (const path of [`${PATH}/${key}`, `${PATH}/${key}/attachments/0`])
      expect(await api.call('HEAD', path)).toMatchObject({ status: 200, text: '' });
  });

  it('is nobody else’s, and not there under another name', async () => {
    const key = api.stored.add(PLAIN);
    const paths = [`${PATH}/BAABnone`, `/v3/domains/second.example/messages/${key}`, `${PATH}/${key.slice(0, -1)}`];
    for (const path of paths)
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await api.call(method, path, method === 'POST' ? { form: { to: 'a@example.org' } } : {});
        expect(answer).toMatchObject({ status: 404, json: { message: 'Message not found' } });
      }
    expect((await api.call('GET', `${PATH}/${key}`, { key: KEYS.other })).status).toBe(404);
    expect((await api.call('GET', `${PATH}/${key}`)).status).toBe(200);
  });
});

describe('sending again', () => {
  it('takes the same bytes and options to others', async () => {
    const key = api.stored.add(PLAIN);
    const { body, headers } = multipart([
      { name: 'to', value: 'Dora <dora@example.org>, emil@example.org' },
      { name: 'to', value: 'dora@example.org' },
    ]);
    const answer = await api.call('POST', `${PATH}/${key}`, { body, headers, key: KEYS.developer });
    expect(answer).toMatchObject({ status: 200, json: { id: '<m1@example.com>', message: 'Queued. Thank you.' } });
    expect(api.intake.accepted).toMatchObject([
      {
        account: 1,
        domain: { name: 'example.com' },
        sender: 'shop@example.com',
        recipients: expect.arrayContaining(['dora@example.org', 'emil@example.org']),
        tags: ['one', 'two'],
        userVariables: { order: '1001' },
        options: { dkim: true, requireTls: true, suppressHeaders: ['x-mailgun-variables'] },
        raw: PLAIN.replaceAll('\n', '\r\n'),
        method: 'http',
      },
    ]);
  });

  it.each([
    [{}, 'to parameter is missing'],
    [{ to: 'nobody' }, 'to parameter is not a valid address. please check documentation'],
    [{ to: Array.from({ length: 1001 }, (_, index) => `a${index}@example.org`).join(',') }, 'Too many recipients, max is 1000'],
  ])('refuses %j', async (form, message) => {
    const answer = await api.call('POST', `${PATH}/${api.stored.add(PLAIN)}`, { form: form as Record<string, string> });
    expect([answer.status, answer.json.message]).toEqual([400, message]);
    expect(api.intake.accepted).toEqual([]);
  });

  it('is not for who may only read, nor for a sending key, which may not read', async () => {
    const key = api.stored.add(PLAIN);
    for (const secret of [KEYS.analyst, KEYS.support, KEYS.sending])
      for (const method of ['POST', 'DELETE'])
        expect((await api.call(method, `${PATH}/${key}`, { key: secret, form: { to: 'a@example.org' } })).status).toBe(403);
    expect((await api.call('GET', `${PATH}/${key}`, { key: KEYS.sending })).status).toBe(403);
    expect((await api.call('GET', `${PATH}/${key}`, { key: KEYS.support })).status).toBe(200);
  });
});

it('deletes', async () => {
  const key = api.stored.add(PLAIN);
  expect((await api.call('DELETE', `${PATH}/${key}`)).json).toEqual({ message: 'Message has been deleted' });
  expect(await api.call('GET', `${PATH}/${key}`)).toMatchObject({ status: 404, json: { message: 'Message not found' } });
});
