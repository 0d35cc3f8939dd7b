/** "Sending Messages" of the classic user manual. */
import { expect, test } from 'vitest';
import { openManual, QUEUED } from './support/open-manual.ts';

test('Sending a plain text message', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=YOU@YOUR_DOMAIN_NAME \
  -F to=bar@example.com \
  -F subject='Hello' \
  -F text='Testing some Mailgun awesomness!'`);
  expect(answer).toEqual(QUEUED);
  const mails = await delivered(2);
  expect([...mails.keys()].sort()).toEqual(['YOU@src.test', 'bar@example.com']);
});

test('HTML and text parts, and two files', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <YOU@YOUR_DOMAIN_NAME>' \
  -F to='foo@example.com' \
  -F cc='bar@example.com' \
  -F bcc='baz@example.com' \
  -F subject='Hello' \
  -F text='Testing some Mailgun awesomness!' \
  --form-string html='<html>HTML version of the body</html>' \
  -F attachment=@files/cartman.jpg \
  -F attachment=@files/cartman.png`);
  expect(answer).toEqual(QUEUED);
  const mails = await delivered(3);
  expect([...mails.keys()].sort()).toEqual(['bar@example.com', 'baz@example.com', 'foo@example.com']);
  for (const mail of mails.values()) {
    expect(mail.headers.get('to')).toMatchObject({ text: 'foo@example.com' });
    expect(mail.headers.get('cc')).toMatchObject({ text: 'bar@example.com' });
    expect(mail.headers.has('bcc')).toBe(false);
    expect(mail.html).toBe('<html>HTML version of the body</html>');
    expect(mail.attachments.map(({ filename, contentType, content }) => [filename, contentType, content.toString('latin1')])).toEqual([
      ['cartman.jpg', 'image/jpeg', 'cartman.jpg \x00\x01\xff'],
      ['cartman.png', 'image/png', 'cartman.png \x00\x01\xff'],
    ]);
  }
});

test('A MIME message', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages.mime \
  -F to='bob@example.com' \
  -F message=@files/message.mime`);
  expect(answer).toEqual(QUEUED);
  const mail = (await delivered(1)).get('bob@example.com');
  expect([mail?.subject, mail?.text]).toEqual(['Built by myself', 'MIME body']);
});

test.each([
  ['o:tracking', '-F o:tracking=False', {}],
  ['o:deliverytime', "-F o:deliverytime='Fri, 14 Oct 2011 23:10:10 -0000'", {}],
  ['o:tag', "-F o:tag='September newsletter' \\\n  -F o:tag='newsletters'", { tags: ['September newsletter', 'newsletters'] }],
])('%s', async (_, lines, shown) => {
  const { curl, delivered, world } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Sender Bob <sbob@YOUR_DOMAIN_NAME>' \
  -F to='alice@example.com' \
  -F subject='Hello' \
  -F text='Testing some Mailgun awesomness!' \
  ${lines}`);
  expect(answer).toEqual(QUEUED);
  expect((await delivered(1)).get('alice@example.com')?.text).toBe('Testing some Mailgun awesomness!');
  for (const event of await world.waitForEvents({ accepted: 1, delivered: 1 })) expect(event).toMatchObject(shown);
});

test('Custom connection settings', async () => {
  const { curl, world } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Sender Bob <sbob@YOUR_DOMAIN_NAME>' \
  -F to='alice@example.com' \
  -F subject='Hello' \
  -F text='Testing some Mailgun awesomness!' \
  -F o:require-tls=True \
  -F o:skip-verification=False`);
  expect(answer).toEqual(QUEUED);
  // The mail exchanger of the test has no TLS.
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(events.find(({ event }) => event === 'failed')?.['delivery-status']).toMatchObject({ message: expect.stringContaining('TLS') });
  expect(world.mx.messages).toEqual([]);
});

test('Sending Inline Images', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <YOU@YOUR_DOMAIN_NAME>' \
  -F to='alice@example.com' \
  -F subject='Hello' \
  -F text='Testing some Mailgun awesomness!' \
  --form-string html='<html>Inline image here: <img src="cid:cartman.jpg"></html>' \
  -F inline=@files/cartman.jpg`);
  expect(answer).toEqual(QUEUED);
  const mail = (await delivered(1)).get('alice@example.com');
  expect(mail?.attachments.map(({ cid, filename, related }) => [cid, filename, related])).toEqual([['cartman.jpg', 'cartman.jpg', true]]);
  // The reader puts the image in the place of its cid.
  expect(mail?.html).toContain('data:image/jpeg;base64,');
});

test('Batch Sending', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <YOU@YOUR_DOMAIN_NAME>' \
  -F to=alice@example.com \
  -F to=bob@example.com \
  -F recipient-variables='{"bob@example.com": {"first":"Bob", "id":1},
"alice@example.com": {"first":"Alice", "id": 2}}' \
  -F subject='Hey, %recipient.first%' \
  -F text='If you wish to unsubscribe, click
http://mailgun/unsubscribe/%recipient.id%'`);
  expect(answer).toEqual(QUEUED);
  const mails = await delivered(2);
  expect([...mails].map(([recipient, { subject, text }]) => [recipient, subject, text]).sort()).toEqual([
    ['alice@example.com', 'Hey, Alice', 'If you wish to unsubscribe, click\nhttp://mailgun/unsubscribe/2'],
    ['bob@example.com', 'Hey, Bob', 'If you wish to unsubscribe, click\nhttp://mailgun/unsubscribe/1'],
  ]);
});
