import { expect, test } from 'vitest';
import { openWorld } from './support/world.ts';

const HTML = '<p><img src="https://img.test/a.png"></p>';

test('o:lint answers what providers will hold against the message, which is sent all the same', async () => {
  const world = await openWorld();
  const form = { from: 'a@src.test', to: ['b@dst.test', 'c@dst.test'], subject: 'Hi', html: HTML, 'o:lint': 'yes' };
  const { status, body } = await world.server.api('POST', '/v3/src.test/messages', { form });
  expect(status).toBe(200);
  expect(body.message).toBe('Queued. Thank you.');
  expect(body.warnings).toEqual([
    { rule: 'text-part-missing', message: expect.any(String) },
    { rule: 'image-without-alt', message: '1 of 1 images has no alt text' },
    { rule: 'list-unsubscribe-missing', message: expect.any(String) },
  ]);
  const good = { ...form, to: 'b@dst.test', html: undefined, text: 'Hi' };
  expect((await world.server.api('POST', '/v3/src.test/messages', { form: good })).body.warnings).toEqual([]);
  const unsigned = { ...good, 'o:dkim': 'no' };
  const rules = (await world.server.api('POST', '/v3/src.test/messages', { form: unsigned })).body.warnings;
  expect(rules).toEqual([{ rule: 'not-signed', message: expect.any(String) }]);
  expect((await world.server.api('POST', '/v3/src.test/messages', { form: { ...good, 'o:lint': 'no' } })).body.warnings).toBeUndefined();
  await world.waitForEvents({ accepted: 5, delivered: 5 });
});

test('X-Mailgun-Lint gets the names of the rules in the reply', async () => {
  const world = await openWorld();
  const raw = `X-Mailgun-Lint: yes\r\nFrom: a@src.test\r\nTo: b@dst.test\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n${HTML}\r\n`;
  const reply = await world.submit({ raw, from: 'a@src.test', to: ['b@dst.test'] });
  expect(JSON.stringify(reply)).toMatch(/250 2\.0\.0 Ok: queued as <[^>]+> \(warnings: text-part-missing, image-without-alt\)/);
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(world.mx.messages[0]?.data.toString()).not.toMatch(/x-mailgun-lint/i);
});
