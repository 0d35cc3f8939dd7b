/** Mail made by stored templates, through every door, with its events; and what is refused. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { parseHead, parseMessage } from '#mail';
import { waitFor } from '../support/wait-for.mjs';
import { file, openWorld, type World } from './support/world.js';

async function addTemplate(world: World, form: Record<string, string>): Promise<void> {
  const { status, text } = await world.server.api('POST', '/v3/src.test/templates', { form });
  if (status !== 200) throw new Error(`POST templates answered ${status}: ${text}`);
}

/** The messages that arrived, by recipient: their raw text and what a mail program sees. */
async function arrived(world: World, count: number) {
  const messages = await waitFor(() => world.mx.messages.length >= count && world.mx.messages, { what: `${count} messages` });
  const read = messages.map(async ({ data, rcptTo }) => {
    const raw = data.toString('utf8');
    const end = raw.indexOf('\r\n\r\n');
    const [head, body] = [Buffer.from(raw.slice(0, end + 2)), Buffer.from(raw.slice(end + 4))];
    const { texts, attachments } = await parseMessage(parseHead(head), Readable.from([body]));
    const parsed = { html: texts.get('html'), plain: texts.get('plain'), attachments };
    return { to: rcptTo[0] ?? '', raw, head: head.toString().replace(/\r\n[ \t]+/g, ' '), parsed };
  });
  return (await Promise.all(read)).sort((one, other) => one.to.localeCompare(other.to));
}

const post = (world: World, form: Record<string, string>) =>
  world.server.api('POST', '/v3/src.test/messages', { form: { to: 'rcpt@dst.test', ...form } });

test('a template makes HTML, text and header fields; attachments and inline files stay', async () => {
  const world = await openWorld();
  const headers = JSON.stringify({ From: '{{shop}} <shop@src.test>', Subject: 'Hi {{name}}', 'Reply-To': 'help@src.test' });
  const template = '<h1>Hello {{name}}</h1>\n<img src="cid:dot.png">\n{{#each items}}<p>{{this}}</p>{{/each}}{{#if vip}}<b>VIP</b>{{/if}}';
  await addTemplate(world, { name: 'Welcome', template, tag: 'v1', headers });
  const { status, text } = await world.server.api('POST', '/v3/src.test/messages', {
    form: {
      to: 'rcpt@dst.test',
      template: 'welcome',
      't:text': 'yes',
      't:variables': JSON.stringify({ name: "O'Neil & <sons>", shop: 'Größe' }),
      'v:name': 'lost',
      'v:items': '["a", "b"]',
      'v:vip': 'true',
      attachment: file('a.txt', 'attached', 'text/plain'),
      inline: file('dot.png', 'png', 'image/png'),
    },
  });
  expect([status, text]).toEqual([200, expect.stringContaining('Queued')]);
  const [message] = await arrived(world, 1);
  expect(message?.head).toMatch(/^Subject: Hi O'Neil & <sons>\r$/m);
  expect(message?.head).toMatch(/^From: =\?UTF-8\?.*\?= <shop@src\.test>\r$/im);
  expect(message?.head).toMatch(/^Reply-To: help@src\.test\r$/m);
  expect(message?.parsed.html?.trim()).toBe(
    '<h1>Hello O&#x27;Neil &amp; &lt;sons&gt;</h1>\r\n<img src="cid:dot.png">\r\n<p>a</p><p>b</p><b>VIP</b>',
  );
  expect(message?.parsed.plain?.trim()).toBe("Hello O'Neil & <sons>\r\n\r\na\r\n\r\nb\r\n\r\nVIP");
  expect(message?.parsed.attachments).toHaveLength(2);
  expect(message?.raw).toMatch(
    /multipart\/mixed[\s\S]*multipart\/alternative[\s\S]*text\/plain[\s\S]*multipart\/related[\s\S]*text\/html[\s\S]*dot\.png/,
  );
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  for (const event of events) {
    expect(event).toMatchObject({ template: { name: 'welcome', version: 'v1', 'is-text': true }, envelope: { sender: 'shop@src.test' } });
    expect(event['user-variables']).toEqual({ name: 'lost', items: '["a", "b"]', vip: 'true' });
  }
});

test('parameters win over the fields of a template, a version is chosen by name, and without an author it is postmaster', async () => {
  const world = await openWorld();
  await addTemplate(world, { name: 't', template: 'one', headers: '{"Subject": "from the template", "From": "x@src.test"}' });
  await world.server.api('POST', '/v3/src.test/templates/t/versions', { form: { tag: 'v2', template: '<p>two {{x}}</p>' } });
  await world.send({ to: 'a@dst.test', template: 't', subject: 'mine', text: 'own text', 't:text': 'yes' });
  expect((await post(world, { to: 'b@dst.test', template: 'T', 't:version': 'V2', 'h:X-Mailgun-Variables': '{"x": "y"}' })).status).toBe(
    200,
  );
  const [first, second] = await arrived(world, 2);
  expect(first?.head).toMatch(/^Subject: mine\r$/m);
  expect(first?.head).toMatch(/^From: Sender <sender@src\.test>\r$/m);
  expect([first?.parsed.html?.trim(), first?.parsed.plain?.trim()]).toEqual(['one', 'own text']);
  expect(second?.head).toMatch(/^From: postmaster@src\.test\r$/m);
  expect(second?.parsed.html?.trim()).toBe('<p>two y</p>');
  expect(second?.parsed.plain).toBeUndefined();
  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(events.filter(({ event }) => event === 'accepted').map((event) => (event as unknown as { template: object }).template)).toEqual([
    { name: 't', version: 'initial', 'is-text': false },
    { name: 't', version: 'v2', 'is-text': false },
  ]);
});

test('over SMTP and in MIME the template replaces the HTML and joins the text', async () => {
  const world = await openWorld();
  await addTemplate(world, { name: 't', template: '<p>Hello {{name}} {{more}}</p>' });
  const fields =
    'X-Mailgun-Template-Name: t\r\nX-Mailgun-Template-Variables: {"name": "Ann"}\r\nX-Mailgun-Variables: {"more": "!", "name": "x"}';
  const raw = (to: string, body: string) =>
    `From: sender@src.test\r\nTo: ${to}\r\nSubject: Kept\r\n${fields}\r\nMIME-Version: 1.0\r\n${body}`;
  const mixed = [
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n',
    'Content-Type: text/plain\r\n\r\nown text\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>old</p>\r\n--c--\r\n--b\r\n',
    'Content-Type: application/pdf; name=f.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n',
  ].join('');
  const submit = (to: string, body: string) =>
    world.submit({ envelope: { from: 'sender@src.test', to }, raw: raw(to, body) } as unknown as Parameters<World['submit']>[0]);
  expect((await submit('a@dst.test', 'Content-Type: text/plain\r\n\r\nplain only\r\n')).text).toMatch(/^250/);
  expect((await submit('b@dst.test', mixed)).text).toMatch(/^250/);
  const mime = { to: 'c@dst.test', template: 't', 't:variables': '{"name": "Cid"}', 't:text': 'yes' };
  const message = file('message.mime', 'From: sender@src.test\r\nSubject: Kept\r\nContent-Type: image/png; name=x.png\r\n\r\npng\r\n');
  expect((await world.server.api('POST', '/v3/src.test/messages.mime', { form: { ...mime, message } })).status).toBe(200);
  const [a, b, c] = await arrived(world, 3);
  for (const one of [a, b, c]) {
    expect(one?.head).toMatch(/^Subject: Kept\r$/m);
    expect(one?.head).not.toContain('X-Mailgun-Template');
  }
  expect([a?.parsed.html?.trim(), a?.parsed.plain?.trim()]).toEqual(['<p>Hello Ann !</p>', 'plain only']);
  expect([b?.parsed.html?.trim(), b?.parsed.plain?.trim()]).toEqual(['<p>Hello Ann !</p>', 'own text']);
  expect(b?.parsed.attachments).toHaveLength(1);
  expect([c?.parsed.html?.trim(), c?.parsed.plain?.trim()]).toEqual(['<p>Hello Cid </p>', 'Hello Cid']);
  expect(c?.parsed.attachments).toMatchObject([{ filename: 'x.png' }]);
});

test('in a batch every recipient gets the template with their own values', async () => {
  const world = await openWorld();
  const template = '<p>{{#equal plan "pro"}}Thanks, {{name}}{{else}}Upgrade, {{name}}{{/equal}} %recipient.id% {{when}}</p>';
  await addTemplate(world, {
    name: 't',
    template,
    headers:
      '{"Subject": "{{#equal plan \\"pro\\"}}Pro: {{/equal}}{{name}}", "From": "{{name}}s Shop <{{from}}>", "Reply-To": "{{#equal plan \\"pro\\"}}pro@src.test{{/equal}}"}',
  });
  await world.send({
    to: ['a@dst.test', 'b@dst.test'],
    from: '',
    subject: '',
    text: '',
    template: 't',
    't:text': 'yes',
    't:variables': '{"name": "%recipient.name%", "plan": "%recipient.plan%", "from": "%recipient.from%@src.test"}',
    'v:when': 'now',
    'recipient-variables':
      '{"a@dst.test": {"name": "<Ann>", "plan": "pro", "id": 1, "from": "pro"}, "b@dst.test": {"name": "Bob", "plan": "free", "id": 2, "from": "x@victim.example,a"}}',
  });
  const [a, b] = await arrived(world, 2);
  expect([a?.parsed.html?.trim(), a?.parsed.plain?.trim()]).toEqual(['<p>Thanks, &lt;Ann&gt; 1 now</p>', 'Thanks, <Ann> 1 now']);
  expect([b?.parsed.html?.trim(), b?.parsed.plain?.trim()]).toEqual(['<p>Upgrade, Bob 2 now</p>', 'Upgrade, Bob 2 now']);
  const fields = (head = '') => ['Subject', 'From', 'Reply-To'].map((name) => new RegExp(`^${name}: (.*)\\r$`, 'm').exec(head)?.[1]);
  expect(fields(a?.head)).toEqual(['Pro: <Ann>', '"<Ann>s Shop" <pro@src.test>', 'pro@src.test']);
  // Values choose no other domain than the one that was judged.
  expect(fields(b?.head)).toEqual(['Bob', expect.stringMatching(/@src\.test>$/), undefined]);
  for (const event of await world.waitForEvents({ accepted: 2, delivered: 2 })) {
    const { recipient, message } = event as unknown as { recipient: string; message: { headers: { subject: string } } };
    expect(message.headers.subject).toBe(recipient === 'a@dst.test' ? 'Pro: <Ann>' : 'Bob');
  }
});

test('what cannot be sent is refused with the reason and leaves an event', async () => {
  const world = await openWorld();
  await addTemplate(world, { name: 'big', template: '{{#each @root.l}}{{#each @root.l}}{{#each @root.l}}x{{/each}}{{/each}}{{/each}}' });
  await addTemplate(world, { name: 'odd', template: 'x', headers: '{"From": "{{nobody}}, no address"}' });
  await addTemplate(world, { name: 'empty', template: 'x', tag: 'v1' });
  await world.server.api('DELETE', '/v3/src.test/templates/empty/versions/v1');
  const from = 'sender@src.test';
  const many = JSON.stringify({ l: Array(200).fill(0) });
  const cases: [Record<string, string>, string][] = [
    [{ from, template: 'none' }, "template 'none' not found"],
    [{ from, template: 'empty' }, "template 'empty' has no active version"],
    [{ from, template: 'big', 't:version': 'v9' }, "version 'v9' of template 'big' not found"],
    [{ from, template: 'big', 't:variables': many }, "template 'big' cannot be rendered: the template does too much"],
    [{ template: 'odd' }, "template 'odd' cannot be rendered: its From is not a valid address"],
  ];
  for (const [form, message] of cases) {
    const { status, body } = await post(world, form);
    expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
  }
  const fields = { 'X-Mailgun-Template-Name': 'big', 'X-Mailgun-Template-Variables': many };
  const refused = await world.submit({ headers: fields });
  expect(refused.text).toMatch(/^550[ -]5\.6\.0 template 'big' cannot be rendered/);
  expect((await world.submit({ headers: { 'X-Mailgun-Template-Version': 'v1' } })).text).toMatch(/^550.*needs a template/);
  const events = await world.waitForEvents({ rejected: 7 });
  expect(events[3]).toMatchObject({ reject: { reason: expect.stringContaining("template 'big' cannot be rendered") } });
  expect(world.mx.messages).toHaveLength(0);
});
