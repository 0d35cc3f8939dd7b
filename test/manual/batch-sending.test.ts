/** The page "Batch Sending" of the user manual: recipient variables from each of the three places. */
import { expect, test } from 'vitest';
import { openManual, QUEUED } from './support/open-manual.ts';

test('Recipient Variables over HTTP', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=alice@example.com \
  -F to=bob@example.com \
  -F subject="Hey %recipient.name%" \
  -F text='If you wish to unsubscribe, click <https://mailgun.com/unsubscribe/%recipient.id%>' \
  -F recipient-variables='{"alice@example.com": {"name":"Alice", "id":1}, "bob@example.com": {"name":"Bob", "id":2}}'`);
  expect(answer).toEqual(QUEUED);
  const mails = await delivered(2);
  const shown = [...mails].map(([recipient, { subject, text }]) => [recipient, subject, text]).sort();
  expect(shown).toEqual([
    ['alice@example.com', 'Hey Alice', 'If you wish to unsubscribe, click <https://mailgun.com/unsubscribe/1>'],
    ['bob@example.com', 'Hey Bob', 'If you wish to unsubscribe, click <https://mailgun.com/unsubscribe/2>'],
  ]);
});

test('Recipient Variables in a header', async () => {
  const { delivered, world } = await openManual();
  const raw = `X-Mailgun-Recipient-Variables: {"bob@example.com": {"first":"Bob", "id":1}, "alice@example.com": {"first":"Alice", "id": 2}}
From: me@src.test
To: %recipient%
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
    const address = `${name.toLowerCase()}@example.com`;
    const mail = mails.get(address);
    expect(mail?.headers.get('to')).toMatchObject({ text: address });
    expect(mail?.subject).toBe(`Hello, ${name}!`);
    expect(mail?.text).toBe(`Hi, ${name},\n \nPlease review your profile at example.com/orders/${id}.\n \nThanks,\nExample.com Team`);
    expect(mail?.headers.has('x-mailgun-recipient-variables')).toBe(false);
  }
});

test('Variable Container', async () => {
  const { delivered, world } = await openManual();
  const variables = Buffer.from(
    JSON.stringify({ 'a@example.com': { description: 'klizhentäs' }, 'b@example.com': { description: 'second, "b"' } }),
  ).toString('base64');
  const raw = `Content-Type: multipart/mailgun-variables; boundary="8686cc907910484e9d21c54776cd791c"
Mime-Version: 1.0
From: me@src.test
Date: Thu, 26 Jul 2012 15:43:07 +0000
Message-Id: <20120726154307.29852.44460@definebox.com>
Sender: bob=bob-mg@definebox.com

--8686cc907910484e9d21c54776cd791c
Mime-Version: 1.0
Content-Type: application/json
Content-Transfer-Encoding: base64

${variables}

--8686cc907910484e9d21c54776cd791c
Content-Type: message/rfc822
Mime-Version: 1.0

Date: Thu, 26 Jul 2012 19:42:55 +0400
To: %recipient.description% <support@mailgunhq.com>
From: me@src.test
Subject: (rackspace) Hello MSK 2012 support@mailgunhq.com %recipient.description%
Message-Id: <20120726154302.29322.40670@definebox.com>

support@mailgunhq.com %recipient.description%

--8686cc907910484e9d21c54776cd791c--
`;
  await world.submit({ from: 'me@src.test', to: ['a@example.com', 'b@example.com'], raw });
  const mails = await delivered(2);
  for (const [address, description] of [
    ['a@example.com', 'klizhentäs'],
    ['b@example.com', 'second, "b"'],
  ] as const) {
    const mail = mails.get(address);
    expect(mail?.messageId).toBe('<20120726154302.29322.40670@definebox.com>');
    expect(mail?.subject).toBe(`(rackspace) Hello MSK 2012 support@mailgunhq.com ${description}`);
    expect(mail?.text?.trim()).toBe(`support@mailgunhq.com ${description}`);
    expect(mail?.headers.get('content-type')).not.toMatchObject({ value: 'multipart/mailgun-variables' });
  }
});
