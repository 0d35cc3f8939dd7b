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

test('Batch Sending over SMTP, with a header', async () => {
  const { delivered, world } = await openManual();
  const raw = `X-Mailgun-Recipient-Variables: {"bob@example.com": {"first":"Bob", "id":1},
 "alice@example.com": {"first":"Alice", "id": 2}}
From: me@src.test
To: alice@example.com, bob@example.com
Date: 29 Mar 2016 00:23:35 -0700
Subject: Hello, %recipient.first%!
Message-Id: <20160329071939.35138.9413.6915422C@example.com>
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Hi, %recipient.first%,
=20
Please review your profile at example.com/orders/%recipient.id%.
=20
Thanks,
Example.com Team
`;
  await world.submit({ from: 'me@src.test', to: ['alice@example.com', 'bob@example.com'], raw });
  const mails = await delivered(2);
  for (const [name, id] of [
    ['Bob', 1],
    ['Alice', 2],
  ] as const) {
    const mail = mails.get(`${name.toLowerCase()}@example.com`);
    expect(mail?.headers.get('to')).toMatchObject({ text: `${name.toLowerCase()}@example.com` });
    expect(mail?.subject).toBe(`Hello, ${name}!`);
    expect(mail?.text).toContain(`Hi, ${name},\n \nPlease review your profile at example.com/orders/${id}.`);
  }
});

test('Batch Sending over SMTP, with a variables container', async () => {
  const { delivered, world } = await openManual();
  // As it is printed, but for the author's domain and the blank that begins a folded line.
  const raw = `Content-Type: multipart/mailgun-variables;
 boundary="8686cc907910484e9d21c54776cd791c"
Mime-Version: 1.0
From: bob@src.test
Date: Thu, 26 Jul 2012 15:43:07 +0000
Message-Id: <20120726154307.29852.44460@definebox.com>
Sender: bob=bob-mg@definebox.com

--8686cc907910484e9d21c54776cd791c
Mime-Version: 1.0
Content-Type: application/json
Content-Transfer-Encoding: base64

eyJkZXNjcmlwdGlvbiI6ICJrbG16aGVudGFzIn0=

--8686cc907910484e9d21c54776cd791c
Content-Type: message/rfc822
Mime-Version: 1.0

Date: Thu, 26 Jul 2012 19:42:55 +0400
To: %recipient.description% <support@mailgunhq.com>
From: bob@src.test
Subject: (rackspace) Hello
 MSK 2012 support@mailgunhq.com %recipient.description%
Message-Id: <20120726154302.29322.40670@definebox.com>

support@mailgunhq.com %recipient.description%

--8686cc907910484e9d21c54776cd791c--
`;
  await world.submit({ from: 'bob@src.test', to: ['support@example.com'], raw });
  const mail = (await delivered(1)).get('support@example.com');
  expect(mail?.headers.get('to')).toMatchObject({ text: '"klmzhentas" <support@mailgunhq.com>' });
  expect(mail?.subject).toBe('(rackspace) Hello MSK 2012 support@mailgunhq.com klmzhentas');
  expect(mail?.text?.trim()).toBe('support@mailgunhq.com klmzhentas');
  expect(mail?.messageId).toBe('<20120726154302.29322.40670@definebox.com>');
});

test('Attaching Data to Messages: several headers together, and a value of the recipient', async () => {
  const { curl, delivered, world } = await openManual();
  const raw = `X-Mailgun-Variables: {"first_name": "John", "last_name": "Smith"}
X-Mailgun-Variables: {"my_message_id": 123}
From: me@src.test
To: alice@example.com
Subject: Data

Hello
`;
  await world.submit({ from: 'me@src.test', to: ['alice@example.com'], raw });
  const mail = (await delivered(1)).get('alice@example.com');
  const data = { first_name: 'John', last_name: 'Smith', my_message_id: 123 };
  expect(JSON.parse(String(mail?.headers.get('x-mailgun-variables')))).toEqual(data);
  for (const event of await world.waitForEvents({ accepted: 1, delivered: 1 })) expect(event['user-variables']).toEqual(data);

  world.mx.messages.length = 0;
  await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='me@YOUR_DOMAIN_NAME' -F to='bob@example.com' -F subject='Data' -F text='Hello' \
  -F v:my-custom-data='{"my_message_id": 123}' -F v:Recipient-Id='%recipient.id%' \
  -F recipient-variables='{"bob@example.com": {"id": 7}}'`);
  const own = (await delivered(1)).get('bob@example.com');
  const shown = { 'my-custom-data': '{"my_message_id": 123}', 'Recipient-Id': '7' };
  expect(JSON.parse(String(own?.headers.get('x-mailgun-variables')))).toEqual(shown);
});

test('Scheduling Delivery: RFC 2822 or Unix epoch', async () => {
  const { curl, world } = await openManual();
  const inAnHour = Date.now() + 3_600_000;
  for (const time of [new Date(inAnHour).toUTCString().replace('GMT', '-0000'), String(Math.floor(inAnHour / 1000))]) {
    const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Sender Bob <sbob@YOUR_DOMAIN_NAME>' \
  -F to='alice@example.com' \
  -F subject='Hello' \
  -F text='Testing some Mailgun awesomness!' \
  -F o:deliverytime='${time}'`);
    expect(answer).toEqual(QUEUED);
  }
  for (const event of await world.waitForEvents({ accepted: 2 }))
    expect(event).toMatchObject({ message: { 'scheduled-for': Math.floor(inAnHour / 1000) } });
});
