/** nodemailer with nodemailer-mailgun-transport, told nothing but our URL. */

import { simpleParser } from 'mailparser';
import { createTransport } from 'nodemailer';
import mailgunTransport from 'nodemailer-mailgun-transport';
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.ts';
import { waitFor } from '../support/wait-for.mjs';

test('sends texts, attachments, inline images, headers, tags and variables', async () => {
  const world = await openWorld();
  const auth = { api_key: world.server.keys.apiKey, domain: world.domain };
  const transport = createTransport(mailgunTransport({ auth, url: world.server.url }));
  const sent = await transport.sendMail({
    from: { name: 'Söphie', address: 'sender@src.test' },
    to: [{ name: 'One, Two', address: 'rcpt@dst.test' }, 'two@dst.test'],
    replyTo: 'answers@src.test',
    subject: 'Grüße',
    text: 'Hello',
    html: '<p>Hello <img src="cid:logo.png"></p>',
    attachments: [
      { filename: 'größe.txt', content: 'attached' },
      { cid: 'logo.png', content: Buffer.from('PNG bytes') },
    ],
    ...{ 'o:tag': ['spring', 'sale'], 'v:order': '7', 'h:X-Own': 'kept' },
  } as Parameters<typeof transport.sendMail>[0]);
  expect(sent.messageId).toMatch(/^<.+@src\.test>$/);

  await waitFor(() => world.mx.messages.length === 2, { what: 'two mails' });
  const mail = await simpleParser(world.mx.messages[0]?.data ?? '');
  expect(mail.messageId).toBe(sent.messageId);
  expect(mail.from?.value).toEqual([{ name: 'Söphie', address: 'sender@src.test' }]);
  expect(mail.headers.get('to')).toMatchObject({
    value: [
      { name: 'One, Two', address: 'rcpt@dst.test' },
      { name: '', address: 'two@dst.test' },
    ],
  });
  expect(mail.replyTo?.text).toBe('answers@src.test');
  expect(mail.subject).toBe('Grüße');
  expect(mail.headers.get('x-own')).toBe('kept');
  expect(mail.attachments.map(({ filename, cid, content }) => [filename, cid, content.toString()])).toEqual([
    ['logo.png', 'logo.png', 'PNG bytes'],
    ['größe.txt', undefined, 'attached'],
  ]);
  for (const event of await world.waitForEvents({ accepted: 2, delivered: 2 })) {
    expect(event).toMatchObject({ tags: ['spring', 'sale'], 'user-variables': { order: '7' } });
  }
});

test('tells the answer of a send that is refused', async () => {
  const world = await openWorld();
  const auth = { api_key: world.server.keys.apiKey, domain: world.domain };
  const transport = createTransport(mailgunTransport({ auth, url: world.server.url }));
  await expect(transport.sendMail({ from: 'sender@src.test', to: 'nobody', subject: 'x', text: 'y' })).rejects.toMatchObject({
    status: 400,
    details: expect.stringContaining('to parameter is not a valid address'),
  });
});
