/** Hostile values of every option through both doors of the real server: taken, or refused by the name the client used, and no value becomes a field. */
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { OPTION_TABLE } from '#intake/options/option-table.js';
import { parseHead } from '#mail';
import { openWorld, type World } from '../../scenarios/support/world.js';
import { waitFor } from '../../support/wait-for.mjs';
import { makeRandom, mutate } from '../mail/mutate.js';

const CORPUS: string[] = JSON.parse(readFileSync(new URL('./corpus/option-values.json', import.meta.url), 'utf8'));
/** Values of each name. */
const ROUNDS = 10;

const FIELDS = [...OPTION_TABLE.map(({ field }) => field), 'Variables', 'Recipient-Variables', 'Template-Name', 'Template-Version'];
const HEADERS = [...FIELDS, 'Template-Variables'].map((field) => `X-Mailgun-${field}`);
const PARAMETERS = [
  ...OPTION_TABLE.map(({ name }) => `o:${name}`),
  ...['X-Custom', 'Reply-To', 'Subject', 'Date', 'Message-Id', 'References', 'List-Unsubscribe', ...HEADERS].map((name) => `h:${name}`),
  ...['v:x', 't:version', 't:variables', 't:text', 'template', 'recipient-variables'],
];
/** What may keep a message from leaving at once, or for good. */
const HOLDS = /deliver|require-tls|testmode|drop-message/i;
const OUR_FIELDS =
  /^(?:DKIM-Signature|Received|Date|Message-Id|From|To|Subject|Reply-To|References|List-Unsubscribe|X-Custom|X-Mailgun-Variables|Content-Type|Content-Transfer-Encoding|MIME-Version)$/i;

function makeHostile(seed: number): () => string {
  const random = makeRandom(seed);
  return () => {
    const value = CORPUS[Math.floor(random() * CORPUS.length)] ?? '';
    return random() < 0.5 ? value : mutate(Buffer.from(value), random).toString('utf8');
  };
}

/** A header that comes as `h:` may be told as itself or as the parameter that asks for the same. */
const TWINS = new Map([
  ...OPTION_TABLE.map(({ name, field }): [string, string] => [`h:X-Mailgun-${field}`, `'o:${name}'`]),
  ['h:X-Mailgun-Template-Name', "'template'"],
  ['h:X-Mailgun-Template-Version', "'t:version'"],
]);
const namesOf = (parameter: string) => [parameter.replace(/^h:/, ''), TWINS.get(parameter) ?? parameter];

const recipientOf = (name: string) => (HOLDS.test(name) ? 'held@dst.test' : 'bob@dst.test');

/** Waits for the mail of each message that was taken and that nothing holds. */
async function expectHarmless({ mx, server }: World, accepted: number): Promise<void> {
  expect(accepted).toBeGreaterThan(20);
  const arrived = () => mx.messages.filter(({ rcptTo }) => rcptTo.includes('bob@dst.test')).length;
  await waitFor(() => arrived() >= accepted, { timeoutMs: 20_000, what: `${accepted} mails` });
  expect(arrived()).toBe(accepted);
  for (const { data } of mx.messages) {
    const head = data.subarray(0, data.indexOf('\r\n\r\n') + 2);
    for (const { name } of parseHead(head)) expect(name, head.toString()).toMatch(OUR_FIELDS);
    expect(data.toString('latin1')).not.toMatch(/(?<!\r)\n|\r(?!\n)|\0/);
  }
  expect(server.logText()).not.toMatch(/"level":(?:50|60)/);
}

test('over HTTP no answer is a 500, and each refusal names its parameter', async () => {
  const world = await openWorld();
  const stored = await world.server.api('POST', '/v3/src.test/templates', { form: { name: 'welcome', template: '<p>{{a}}</p>' } });
  expect(stored.status).toBe(200);
  const hostile = makeHostile(4712);
  let accepted = 0;
  for (const name of PARAMETERS) {
    for (let round = 0; round < ROUNDS; round++) {
      const value = hostile();
      const form = { from: 'a@src.test', to: recipientOf(name), subject: 'ours', text: 'hello', ...twin(name), [name]: value };
      const { status, body } = await world.server.api('POST', '/v3/src.test/messages', { form });
      expect([200, 400], `${JSON.stringify(body)} for ${name} ${JSON.stringify(value)}`).toContain(status);
      if (status === 400)
        expect(
          namesOf(name).some((known) => body.message.includes(known)),
          `${name} ${JSON.stringify(value)}: ${body.message}`,
        ).toBe(true);
      else if (!HOLDS.test(name)) accepted++;
    }
  }
  await expectHarmless(world, accepted);
});

/** What an option is asked beside. */
const twin = (name: string): Record<string, string> => (name.startsWith('t:') ? { template: 'welcome' } : {});

test('over HTTP no name of a parameter is a failure of ours, or a field', async () => {
  const world = await openWorld();
  const hostile = makeHostile(4713);
  let accepted = 0;
  for (let round = 0; round < 4 * ROUNDS; round++) {
    for (const kind of ['o:', 'v:', 't:', 'x:']) {
      const form = { from: 'a@src.test', to: 'bob@dst.test', subject: 'ours', text: 'hello', [kind + hostile()]: 'yes' };
      const { status, body } = await world.server.api('POST', '/v3/src.test/messages', { form });
      expect([200, 400], JSON.stringify(body)).toContain(status);
      if (status === 400) expect(body.message).toMatch(/^[^\r\n\0]+$/);
      else accepted++;
    }
  }
  await expectHarmless(world, accepted);
});

test('over SMTP no reply is a failure of ours, and each refusal names its header', async () => {
  const world = await openWorld();
  const hostile = makeHostile(816);
  const transport = createTransport({
    ...{ pool: true, maxConnections: 1, maxMessages: Infinity, host: '127.0.0.1', port: world.server.addresses.smtp[0] ?? 0 },
    ...{ requireTLS: true, tls: { rejectUnauthorized: false }, auth: { user: world.login, pass: world.password } },
  });
  onTestFinished(() => transport.close());
  let accepted = 0;
  for (const field of HEADERS) {
    for (let round = 0; round < ROUNDS; round++) {
      // Line breaks of a value's own would be the sender's fields: it is folded there.
      const value = hostile().replace(/\r\n|[\r\n\0]/g, '\r\n ');
      const raw = Buffer.from(`${field}: ${value}\r\nFrom: a@src.test\r\nTo: bob@dst.test\r\nSubject: ours\r\n\r\nhello\r\n`);
      const reply = await transport.sendMail({ envelope: { from: 'a@src.test', to: [recipientOf(field)] }, raw }).then(
        ({ response }) => response,
        ({ response }) => String(response),
      );
      expect(reply, raw.toString()).toMatch(/^(?:250 2\.0\.0|55\d 5\.[267]\.\d) [ -~]+$/);
      if (reply.startsWith('55')) expect(reply, raw.toString()).toContain(field);
      else if (!HOLDS.test(field)) accepted++;
    }
  }
  await expectHarmless(world, accepted);
});
