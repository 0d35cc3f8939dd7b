/** The pages "Send via SMTP" and "Pass Sending Options" of the user manual: swaks, and the fields that carry options. */
import { expect, test } from 'vitest';
import { need } from '../interop/support/peers.js';
import { openManual } from './support/open-manual.ts';

const SWAKS = String.raw`swaks --auth \
  --server smtp.mailgun.org \
  --au YOUR-SMTP-USER \
  --ap YOUR-SMTP-PASSWORD \
  --to recipient@example.com \
  --h-Subject: "Hello" \
  --body 'Testing some Mailgun awesomness!'`;

/** swaks makes its sender of this machine's name, which is no domain of ours. */
const FROM = ' --from YOU@YOUR_DOMAIN_NAME';

test('swaks', async () => {
  need('swaks', 'swaks');
  const { shell, delivered } = await openManual();
  expect(await shell(SWAKS + FROM)).toMatch(/<~\* +250 2\.0\.0|<~ +250 2\.0\.0/);
  const mail = (await delivered(1)).get('recipient@example.com');
  expect([mail?.subject, mail?.text?.trim()]).toEqual(['Hello', 'Testing some Mailgun awesomness!']);
});

test('A common gotcha with Templates: a text/plain body is not rendered, HTML is', async () => {
  need('swaks', 'swaks');
  const { shell, delivered, world } = await openManual();
  await world.server.api('POST', '/v3/src.test/templates', { form: { name: 'welcome', template: '<p>Hi {{name}}!</p>' } });
  const template = ` --add-header 'X-Mailgun-Template-Name: welcome' --add-header 'X-Mailgun-Template-Variables: {"name": "Foo"}'`;
  await shell(SWAKS + FROM + template);
  const plain = (await delivered(1)).get('recipient@example.com');
  expect(plain?.text?.trim()).toBe('Testing some Mailgun awesomness!');
  world.mx.messages.length = 0;
  await shell(`${SWAKS + FROM + template} --add-header 'Content-Type: text/html; charset="utf-8"'`);
  const html = (await delivered(1)).get('recipient@example.com');
  expect(html?.html).toMatch(/^<p>Hi Foo!<\/p>\s*$/);
  expect([...(html?.headers.keys() ?? [])].filter((name) => name.startsWith('x-mailgun-template'))).toEqual([]);
});
