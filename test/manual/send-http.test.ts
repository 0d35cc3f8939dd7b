/** The page "Send via HTTP" of the user manual. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { openManual, QUEUED } from './support/open-manual.ts';

test('Sending Basic Text', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient-1@example.com \
  -F to=recipient-2@example.com \
  -F subject='Hello there!' \
  -F text='Testing some Mailgun awesomeness!'`);
  expect(answer).toEqual(QUEUED);
  const mails = await delivered(2);
  for (const recipient of ['recipient-1@example.com', 'recipient-2@example.com']) {
    const mail = mails.get(recipient);
    expect(mail?.text).toBe('Testing some Mailgun awesomeness!');
    expect(mail?.subject).toBe('Hello there!');
    expect(mail?.from?.text).toBe('"Excited User" <mailgun@src.test>');
    expect(mail?.messageId).toBe(answer.id);
    // Without recipient variables everybody sees everybody.
    expect(mail?.headers.get('to')).toMatchObject({ text: 'recipient-1@example.com, recipient-2@example.com' });
  }
});

test('Send With Text and HTML Versions', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient@example.com \
  -F subject="Hello there!" \
  -F text='This will be the text-only version' \
  --form-string html='<html><body><p>This is the HTML version</p></body></html>'`);
  expect(answer).toEqual(QUEUED);
  const mail = (await delivered(1)).get('recipient@example.com');
  expect(mail?.headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' });
  expect(mail?.text).toBe('This will be the text-only version');
  expect(mail?.html).toBe('<html><body><p>This is the HTML version</p></body></html>');
});

test('Send a Single Message With Tracking', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient@example.com \
  -F subject="Hello there!" \
  -F text='Testing some Mailgun awesomeness!' \
  -F o:tracking-opens="yes"`);
  expect(answer).toEqual(QUEUED);
  expect((await delivered(1)).get('recipient@example.com')?.text).toBe('Testing some Mailgun awesomeness!');
});

test('Send a Message using a Template with variable substitution', async () => {
  const { curl, delivered, world } = await openManual();
  await world.server.api('POST', '/v3/src.test/templates', { form: { name: 'My Great Template Name', template: '<p>Hi {{name}}!</p>' } });
  const hidden = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from="Excited User <mailgun@YOUR_DOMAIN_NAME>" \
  -F to="recipient@example.com" \
  -F subject="Mailgun is awesome" \
  -F template="My Great Template Name" \
  -F t:variables="{\"name\":\"Foo Bar\"}"`);
  expect(hidden).toEqual(QUEUED);
  const shown = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from="Excited User <mailgun@YOUR_DOMAIN_NAME>" \
  -F to="recipient-2@example.com" \
  -F subject="Mailgun is awesome" \
  -F template="My Great Template Name" \
  -F v:name="Foo Bar"`);
  expect(shown).toEqual(QUEUED);
  const mails = await delivered(2);
  expect(mails.get('recipient@example.com')?.html).toBe('<p>Hi Foo Bar!</p>');
  expect(mails.get('recipient@example.com')?.headers.has('x-mailgun-variables')).toBe(false);
  expect(mails.get('recipient-2@example.com')?.html).toBe('<p>Hi Foo Bar!</p>');
  expect(JSON.parse(String(mails.get('recipient-2@example.com')?.headers.get('x-mailgun-variables')))).toEqual({ name: 'Foo Bar' });
  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  const variablesOf = (id: string) =>
    events.filter(({ message }) => `<${message.headers['message-id']}>` === id).map((event) => event['user-variables']);
  expect(variablesOf(hidden.id)).toEqual([{}, {}]);
  expect(variablesOf(shown.id)).toEqual([{ name: 'Foo Bar' }, { name: 'Foo Bar' }]);
});

test('Send a Customized Batch Message', async () => {
  const { curl, delivered } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from="Excited User <mailgun@YOUR_DOMAIN_NAME>" \
  -F to="recipient@example.com, recipient-two@example.com" \
  -F subject="Mailgun is awesome" \
  -F text="Hello %recipient.fname% %recipient.lname%! Enjoy a free %recipient.gift%" \
  -F recipient-variables="{\"recipient@example.com\": {\"fname\":\"Bob\", \"lname\":\"Mailgun\", \"gift\":\"high five\"}, \"recipient-two@example.com\": {\"fname\":\"Foo\", \"lname\":\"Bar\", \"gift\":\"fist bump\"}}"`);
  expect(answer).toEqual(QUEUED);
  const mails = await delivered(2);
  expect(mails.get('recipient@example.com')?.text).toBe('Hello Bob Mailgun! Enjoy a free high five');
  expect(mails.get('recipient-two@example.com')?.text).toBe('Hello Foo Bar! Enjoy a free fist bump');
  for (const [recipient, mail] of mails) expect(mail.headers.get('to')).toMatchObject({ text: recipient });
});

test('Send a Message With Specified Delivery Time', async () => {
  const { curl, delivered, world } = await openManual();
  // A time that is over: at once.
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient@example.com \
  -F subject="Hello there!" \
  -F text='Testing some Mailgun awesomeness!' \
  -F o:deliverytime='Fri, 14 Oct 2011 23:10:10 -0000'`);
  expect(answer).toEqual(QUEUED);
  await delivered(1);

  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString().replace('GMT', '-0000');
  await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient@example.com \
  -F subject="Hello there!" \
  -F text='Testing some Mailgun awesomeness!' \
  -F o:deliverytime='${inAnHour}'`);
  const listed = await world.server.cli('queue', 'list', '--json');
  expect(JSON.parse(listed.stdout).items).toHaveLength(1);
  expect(world.mx.messages).toHaveLength(1);
});

test('Send a Message using Tags', async () => {
  const { curl, world } = await openManual();
  const answer = await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F to=recipient@example.com \
  -F subject="Hello there!" \
  -F text='Testing some Mailgun awesomeness!' \
  -F o:tag='September newsletter' \
  -F o:tag='newsletters'`);
  expect(answer).toEqual(QUEUED);
  for (const { tags } of await world.waitForEvents({ accepted: 1, delivered: 1 }))
    expect(tags).toEqual(['September newsletter', 'newsletters']);
});

test('Re-Delivering a Previously-Sent Email', async () => {
  const { curl, delivered, world } = await openManual();
  await world.send({ to: 'first@example.com', text: 'Again!' });
  const [event] = (await world.waitForEvents({ accepted: 1, delivered: 1 })) as unknown as { storage: { url: string } }[];
  const answer = await curl(
    String.raw`
curl -s --user 'api:YOUR_API_KEY' {{STORAGE.URL}} \
  -F to='bob@example.com, john@example.com'`.replace('{{STORAGE.URL}}', event?.storage.url ?? ''),
  );
  expect(answer).toEqual(QUEUED);
  await waitFor(() => world.mx.messages.length === 3, { what: 'three mails' });
  const mails = await delivered(3);
  expect(mails.get('bob@example.com')?.text).toBe('Again!');
  expect(mails.get('john@example.com')?.text).toBe('Again!');
});
