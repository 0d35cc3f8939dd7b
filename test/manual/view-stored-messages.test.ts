/** The pages "Viewing Stored Messages" and "Storing and Retrieving Messages" of the user manual; what their script does, with curl. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { openManual } from './support/open-manual.ts';

test('the message is retrieved by its storage key, as parameters and as MIME', async () => {
  const { curl, world } = await openManual();
  writeFileSync(join(world.folder, 'files', 'note.txt'), 'A note');
  await curl(String.raw`
curl -s --user 'api:YOUR_API_KEY' https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Bob Lee <bob@YOUR_DOMAIN_NAME>' -F to=alice@example.com -F subject='Stored' \
  -F text='Plain' --form-string html='<p>Rich</p>' -F attachment=@files/note.txt`);
  const [event] = (await world.waitForEvents({ accepted: 1, delivered: 1 })) as unknown as { storage: { key: string } }[];
  const url = `https://api.mailgun.net/v3/domains/YOUR_DOMAIN_NAME/messages/${event?.storage.key}`;

  const message = await curl(`curl -s --user 'api:YOUR_API_KEY' ${url}`);
  expect(message).toMatchObject({
    recipients: 'alice@example.com',
    sender: 'bob@src.test',
    from: 'Bob Lee <bob@src.test>',
    subject: 'Stored',
    'body-plain': 'Plain',
    'stripped-text': 'Plain',
    'body-html': '<p>Rich</p>',
    'stripped-html': '<p>Rich</p>',
    attachments: [{ name: 'note.txt', 'content-type': 'text/plain', size: 6 }],
  });
  expect(message['message-headers']).toContainEqual(['Subject', 'Stored']);

  const mime = await curl(`curl -s --user 'api:YOUR_API_KEY' -H 'Accept: message/rfc2822' ${url}`);
  expect(Object.keys(mime)).toEqual(expect.arrayContaining(['recipient', 'sender', 'from', 'subject', 'body-mime']));
  const mail = await simpleParser(mime['body-mime']);
  expect([mail.subject, mail.text?.trim(), mail.attachments[0]?.content.toString()]).toEqual(['Stored', 'Plain', 'A note']);
});
