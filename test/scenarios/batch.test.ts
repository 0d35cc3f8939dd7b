/** One call, a message for each recipient: variables from all three places and both doors, on the wire, in events, across restarts. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { simpleParser } from 'mailparser';
import { expect, onTestFinished, test } from 'vitest';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { file, openWorld, type World } from './support/world.js';

/** What arrived, parsed, by envelope recipient. */
async function received(world: World, count: number) {
  await world.mx.waitForMessages(count);
  const mails = await Promise.all(
    world.mx.messages.map(async ({ rcptTo, data }) => [rcptTo.join(), { data, mail: await simpleParser(data) }] as const),
  );
  expect(mails).toHaveLength(count);
  return Object.fromEntries(mails);
}

const VARIABLES = { 'alice@dst.test': { name: 'Alice', id: 1 }, 'bob@DST.test': { name: 'Bób', id: { n: 2 } } };

test('each recipient gets a message of their own, signed as it is, and events that show it', async () => {
  const world = await openWorld();
  const id = await world.send({
    to: ['Alice Ä. Smith <alice@dst.test>', 'bob@dst.test, carol@dst.test'],
    cc: 'copy@dst.test',
    bcc: 'hidden@dst.test',
    subject: 'Hey %recipient.name%',
    text: 'Dear %recipient_fname%|%recipient_email%|%recipient.id%|%recipient%',
    html: '<a href="https://x.test/%recipient.id.n%">%recipient.name%</a>',
    'h:X-Id': '%recipient.id%',
    'h:Reply-To': '"%recipient.name%" <reply+%recipient.id.n%@src.test>',
    'v:my-id': '%recipient.id%',
    'recipient-variables': JSON.stringify(VARIABLES),
    attachment: file('%recipient.name%.txt', 'as it was: %recipient.name%', 'text/plain'),
  });
  const mails = await received(world, 5);
  const { mail: alice } = mails['alice@dst.test'] ?? expect.fail('nothing for alice');
  expect(alice.to).toMatchObject({ value: [{ name: 'Alice Ä. Smith', address: 'alice@dst.test' }] });
  expect([alice.subject, alice.text?.trim(), alice.html]).toEqual([
    'Hey Alice',
    'Dear Alice|alice@dst.test|1|Alice Ä. Smith <alice@dst.test>',
    '<a href="https://x.test/%recipient.id.n%">Alice</a>',
  ]);
  expect(alice.headers.get('x-id')).toBe('1');
  const { mail: bob } = mails['bob@dst.test'] ?? expect.fail('nothing for bob');
  expect([bob.subject, bob.text?.trim(), bob.html]).toEqual([
    'Hey Bób',
    'Dear |bob@dst.test|{"n":2}|bob@dst.test',
    '<a href="https://x.test/2">Bób</a>',
  ]);
  expect(bob.replyTo).toMatchObject({ value: [{ name: 'Bób', address: 'reply+2@src.test' }] });
  expect(mails['carol@dst.test']?.mail.subject).toBe('Hey %recipient.name%');

  for (const [address, { data, mail }] of Object.entries(mails)) {
    expect(await verifyDkim(data, world.records)).toEqual(['pass']);
    expect(mail.to).toMatchObject({ value: [{ address }] });
    expect([mail.cc, mail.messageId]).toEqual([undefined, `<${id}>`]);
    expect(mail.attachments.map(({ content }) => content.toString())).toEqual(['as it was: %recipient.name%']);
    for (const other of Object.keys(mails)) if (other !== address) expect(data.toString()).not.toContain(other);
  }

  const events = await world.waitForEvents({ accepted: 5, delivered: 5 });
  for (const event of events.filter(({ recipient }) => recipient === 'bob@dst.test')) {
    expect(event.message.headers).toMatchObject({ to: 'bob@dst.test', subject: 'Hey Bób', 'message-id': id });
    expect(event['user-variables']).toEqual({ 'my-id': '{"n":2}' });
  }
  for (const event of events) {
    const others = Object.keys(mails).filter((address) => address !== event.recipient);
    for (const other of others) expect(JSON.stringify(event)).not.toContain(other);
  }
});

test('an empty object still means a message for each', async () => {
  const world = await openWorld();
  await world.send({ to: 'a@dst.test, b@dst.test', 'recipient-variables': '{}' });
  await world.send({ to: 'c@dst.test, d@dst.test' });
  const mails = await received(world, 4);
  const toOf = (address: string) => mails[address]?.mail.headers.get('to');
  expect(toOf('a@dst.test')).toMatchObject({ value: [{ address: 'a@dst.test' }] });
  expect(toOf('c@dst.test')).toMatchObject({ value: [{ address: 'c@dst.test' }, { address: 'd@dst.test' }] });
});

const container = (json: string, message: string) =>
  `Content-Type: multipart/mailgun-variables; boundary="outer"
Mime-Version: 1.0
From: me@src.test
Message-Id: <outer@src.test>
X-Mailgun-Tag: contained

--outer
Mime-Version: 1.0
Content-Type: application/json
Content-Transfer-Encoding: base64

${Buffer.from(json).toString('base64')}
--outer
Content-Type: message/rfc822
Mime-Version: 1.0

${message}
--outer--
`.replace(/\n/g, '\r\n');

const INNER = `X-Mailgun-Recipient-Variables: {"a@dst.test": {"place": "header", "header": "h", "container": "h"},
 "b@dst.test": {"place": "header"}}
To: %recipient_name% <%recipient_email%>
From: me@src.test
Subject: %recipient.place% %recipient.container% %recipient.header% %recipient.parameter%
Message-Id: <inner@src.test>

text for %recipient.place%
`;

const CONTAINED = container('{"a@dst.test": {"place": "container", "container": "ç"}, "everybody": "all"}', INNER);

test('the container wins over the header, and the header over the parameter', async () => {
  const world = await openWorld();
  const parameter = { 'a@dst.test': { place: 'parameter', header: 'p', parameter: 'p' }, 'b@dst.test': { parameter: 'p' } };
  const { status, body } = await world.server.api('POST', '/v3/src.test/messages.mime', {
    form: {
      to: ['a@dst.test', 'b@dst.test'],
      message: file('message.mime', CONTAINED, 'message/rfc822'),
      'recipient-variables': JSON.stringify(parameter),
    },
  });
  expect([status, body.id]).toEqual([200, '<inner@src.test>']);
  const mails = await received(world, 2);
  expect(mails['a@dst.test']?.mail.subject).toBe('container ç h p');
  expect(mails['b@dst.test']?.mail.subject).toBe('header %recipient.container% %recipient.header% p');
  expect(mails['a@dst.test']?.mail.text?.trim()).toBe('text for container');
  for (const { data, mail } of Object.values(mails)) {
    expect(data.toString()).not.toMatch(/mailgun-variables|X-Mailgun-Recipient|X-Mailgun-Tag/i);
    expect(mail.messageId).toBe('<inner@src.test>');
  }
  for (const event of await world.waitForEvents({ accepted: 2, delivered: 2 })) expect(event.tags).toEqual(['contained']);
});

test('over SMTP the header and the container do the same', async () => {
  const world = await openWorld();
  const header = await world.submit({
    to: ['a@dst.test', 'b@dst.test'],
    headers: { 'X-Mailgun-Recipient-Variables': JSON.stringify({ 'a@dst.test': { name: 'Ä' }, 'b@dst.test': { name: 'B' } }) },
    subject: 'Hello, %recipient.name%!',
    text: 'Hi, %recipient.name%',
  });
  expect(header.text).toMatch(/^250/);
  const envelope = { from: 'me@src.test', to: ['c@dst.test', 'a@dst.test'] };
  expect((await world.submit({ envelope, raw: CONTAINED.replaceAll('b@dst.test', 'c@dst.test') })).text).toMatch(/^250/);
  await world.mx.waitForMessages(4);
  const subjects = await Promise.all(world.mx.messages.map(async ({ rcptTo, data }) => `${rcptTo} ${(await simpleParser(data)).subject}`));
  expect(subjects.sort()).toEqual([
    'a@dst.test Hello, Ä!',
    'a@dst.test container ç h %recipient.parameter%',
    'b@dst.test Hello, B!',
    'c@dst.test header %recipient.container% %recipient.header% %recipient.parameter%',
  ]);
});

test('what is no JSON is refused by name, through both doors', async () => {
  const world = await openWorld();
  const send = (form: object) =>
    world.server.api('POST', '/v3/src.test/messages', { form: { from: 'a@src.test', to: 'b@dst.test', text: 'x', ...form } });
  expect(await send({ 'recipient-variables': '{"b@dst.test": ' })).toMatchObject({
    status: 400,
    body: { message: "'recipient-variables' parameter is not a valid JSON" },
  });
  expect((await world.submit({ headers: { 'X-Mailgun-Recipient-Variables': 'oops' } })).text).toMatch(
    /^550 5\.6\.0 'X-Mailgun-Recipient-Variables' is not a valid JSON/,
  );
  const envelope = { from: 'me@src.test', to: 'a@dst.test' };
  expect((await world.submit({ envelope, raw: container('{', INNER) })).text).toMatch(
    /^550 5\.6\.0 The JSON of multipart\/mailgun-variables/,
  );
  await world.waitForEvents({ rejected: 2 });
  expect(world.mx.messages).toEqual([]);
});

test('variables are there after a crash, and after a first attempt that failed', async () => {
  const world = await openWorld({ mx: { script: { mail: '451 4.3.0 later' } } });
  const variables = { 'a@dst.test': { name: 'Ä' }, 'b@dst.test': { name: 'B' } };
  await world.send({
    to: 'Ann <a@dst.test>, b@dst.test',
    subject: 'Hey %recipient.name%',
    // A body that is a file of the spool.
    text: `Dear %recipient_name%${'\nline of text'.repeat(15_000)}`,
    'recipient-variables': JSON.stringify(variables),
  });
  await world.waitForEvents({ accepted: 2, 'failed temporary': 2 });
  expect(await world.server.stop('SIGKILL')).toBe('SIGKILL');
  world.mx.script = {};
  await world.server.start();
  await waitFor(async () => (await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } })).status === 200);
  const mails = await received(world, 2);
  expect(mails['a@dst.test']?.mail.subject).toBe('Hey Ä');
  expect(mails['a@dst.test']?.mail.text).toMatch(/^Dear Ann\nline of text\n/);
  expect(mails['b@dst.test']?.mail.subject).toBe('Hey B');
  for (const { data } of Object.values(mails)) expect(await verifyDkim(data, world.records)).toEqual(['pass']);
});

test('a peer without 8BITMIME gets every value all the same', async () => {
  const world = await openWorld({ mx: { extensions: ['PIPELINING'] } });
  onTestFinished(() => expect(world.mx.messages.every(({ data }) => data.every((byte) => byte < 128))).toBe(true));
  await world.send({
    to: 'a@dst.test',
    subject: '%recipient.x%',
    text: '%recipient.x%',
    'recipient-variables': JSON.stringify({ 'a@dst.test': { x: 'grüße 日本 😀' } }),
  });
  const mails = await received(world, 1);
  expect([mails['a@dst.test']?.mail.subject, mails['a@dst.test']?.mail.text?.trim()]).toEqual(['grüße 日本 😀', 'grüße 日本 😀']);
});

test('a thousand recipients cost one body and one message row', async () => {
  const world = await openWorld({ mx: { script: { mail: '451 4.3.0 later' } } });
  const addresses = Array.from({ length: 1000 }, (_, index) => `r${index}@dst.test`);
  const variables = Object.fromEntries(addresses.map((address, index) => [address, { id: index }]));
  const form = {
    from: 'a@src.test',
    subject: '%recipient.id%',
    text: `%recipient.id% ${'x'.repeat(4000)}`,
    'recipient-variables': JSON.stringify(variables),
  };
  const send = (to: string[]) => world.server.api('POST', '/v3/src.test/messages', { form: { ...form, to: to.join(', ') } });
  expect((await send([...addresses, 'one-more@dst.test'])).body).toEqual({ message: 'Too many recipients, max is 1000' });
  expect((await send(addresses)).status).toBe(200);
  const spool = new Database(join(world.server.dataDir, 'spool.db'), { readonly: true });
  onTestFinished(() => void spool.close());
  const count = (sql: string) => Object.values(spool.prepare(sql).get() as Record<string, number>)[0];
  expect([count('SELECT count(*) FROM message'), count('SELECT count(*) FROM message_content')]).toEqual([1, 1]);
  expect(count('SELECT max(length(body)) + max(length(head)) FROM message_content')).toBeLessThan(5000);
  expect(count('SELECT count(*) FROM queue WHERE variables IS NOT NULL')).toBe(1000);

  world.mx.script = {};
  await waitFor(async () => (await world.server.api('POST', '/mailwagon/v1/queue/retry', { form: { all: 'yes' } })).status === 200);
  await world.mx.waitForMessages(1000);
  for (const { rcptTo, data } of world.mx.messages) {
    const id = /^r(\d+)@/.exec(rcptTo.join())?.[1];
    expect(data.toString('latin1')).toMatch(new RegExp(`^To: r${id}@dst\\.test\r$[\\s\\S]*^Subject: ${id}\r$[\\s\\S]*^${id} xxx`, 'm'));
  }
});

test('a container larger than memory should hold leaves one body behind', async () => {
  const world = await openWorld({ mx: { script: { mail: '451 4.3.0 later' } } });
  const message = file('m', container('{"a@dst.test": {"place": "c"}}', `${INNER}${'a line of text\n'.repeat(20_000)}`), 'message/rfc822');
  const send = () => world.server.api('POST', '/v3/src.test/messages.mime', { form: { to: ['a@dst.test', 'b@dst.test'], message } });
  expect((await send()).status).toBe(200);
  const bodies = () =>
    readdirSync(join(world.server.dataDir, 'spool'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(bodies()).toHaveLength(1);
  const broken = file('m', container('{', `${INNER}${'a line of text\n'.repeat(20_000)}`), 'message/rfc822');
  expect((await world.server.api('POST', '/v3/src.test/messages.mime', { form: { to: 'a@dst.test', message: broken } })).status).toBe(400);
  expect(bodies()).toHaveLength(1);
});

test('what one recipient of a batch had is sent again as they had it', async () => {
  const world = await openWorld();
  await world.send({
    to: 'a@dst.test',
    subject: 'For %recipient.x%',
    text: '%recipient_email%',
    'recipient-variables': '{"a@dst.test": {"x": 1}}',
  });
  const [accepted] = await world.waitForEvents({ accepted: 1, delivered: 1 });
  const url = new URL((accepted as unknown as { storage: { url: string } }).storage.url);
  const { status } = await world.server.api('POST', url.pathname, { form: { to: 'b@dst.test, c@dst.test' } });
  expect(status).toBe(200);
  const mails = await received(world, 3);
  for (const to of ['b@dst.test', 'c@dst.test']) {
    expect([mails[to]?.mail.subject, mails[to]?.mail.text?.trim()]).toEqual(['For 1', 'a@dst.test']);
    expect(mails[to]?.mail.headers.get('to')).toMatchObject({ value: [{ address: 'a@dst.test' }] });
  }
});
