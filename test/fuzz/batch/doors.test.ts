/** The same hostile input through both doors of the real server: an answer that says what is wrong, or mail in which no value made a field. */
import { readdirSync, readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { parseHead } from '#mail';
import { file, openWorld, type World } from '../../scenarios/support/world.js';
import { makeRandom, mutate } from '../mail/mutate.js';

const CORPUS = new URL('./corpus/', import.meta.url);
const corpus = (ending: string) =>
  readdirSync(CORPUS)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => readFileSync(new URL(name, CORPUS)));
const [MESSAGES, VARIABLES] = [corpus('.eml'), corpus('.json')];
const ROUNDS = 60;

function makePick(seed: number) {
  const random = makeRandom(seed);
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)] as T;
  /** One of them, half the time mutated. */
  const hostile = (items: Buffer[]): Buffer => (random() < 0.5 ? mutate(pick(items), random) : pick(items));
  return {
    pick,
    isTrue: () => random() < 0.5,
    variables: () => hostile(VARIABLES).toString('utf8').replaceAll('dst.example', 'dst.test'),
    message: () => hostile(MESSAGES).toString('latin1').replaceAll('.example', '.test'),
  };
}

const wireHead = (data: Buffer) => data.subarray(0, data.indexOf('\r\n\r\n') + 2);

/** Waits for two mails of each message that was taken. */
async function expectHarmless(world: World, accepted: number): Promise<void> {
  expect(accepted).toBeGreaterThan(10);
  await world.mx.waitForMessages(2 * accepted);
  for (const { data } of world.mx.messages) {
    const names = parseHead(wireHead(data)).map((field) => field.lowerName);
    expect(names).not.toContain('bcc');
    expect(data.toString('latin1')).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
  }
}

test('over HTTP no answer is a 500, and no value a header', async () => {
  const world = await openWorld();
  const { isTrue, variables, message } = makePick(4711);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const common = { to: ['bob@dst.test', 'alice@dst.test'], 'recipient-variables': variables() };
    const isMime = isTrue();
    const form = isMime
      ? { ...common, message: file('m', Buffer.from(message(), 'latin1'), 'message/rfc822') }
      : {
          ...common,
          from: '%recipient.first% <a@src.test>',
          subject: '%recipient.first% %recipient.id%',
          text: '%recipient.id%',
          html: '%recipient.first%',
        };
    const { status, body } = await world.server.api('POST', `/v3/src.test/${isMime ? 'messages.mime' : 'messages'}`, { form });
    expect([200, 400, 403], `${JSON.stringify(body)} for ${JSON.stringify(form)}`).toContain(status);
    expect(body.message).toMatch(/./);
    if (status === 200) accepted++;
  }
  await expectHarmless(world, accepted);
});

const OURS = `From: %recipient.first% <a@src.test>
To: %recipient.first% <%recipient_email%>
Reply-To: %recipient.email%, a@src.test
Subject: ours %recipient.first% %recipient.id%
List-Unsubscribe: <https://x.test/%recipient.id%>
X-Custom: %recipient.order.lines.0.sku% %recipient%
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

%recipient.id% %recipient.first%
--b
Content-Type: text/html; charset=utf-8

<p>%recipient.first%</p>
--b--
`;
const OUR_FIELDS =
  /^(?:DKIM-Signature|Received|Date|Message-Id|From|To|Reply-To|Subject|List-Unsubscribe|X-Custom|Content-Type|MIME-Version)$/i;

/** Variables in the field, in the container, or in both. */
function withVariables(place: 'field' | 'container' | 'both', field: string, json: string): string {
  const head = place === 'container' ? '' : `X-Mailgun-Recipient-Variables: ${field.replace(/\r\n|[\r\n\0]/g, '\n ')}\n`;
  if (place === 'field') return head + OURS;
  const inner = `--outer\nContent-Type: message/rfc822\n\n${OURS}\n--outer--\n`;
  const encoded = Buffer.from(json).toString('base64').replace(/.{76}/g, '$&\n');
  return `${head}Content-Type: multipart/mailgun-variables; boundary=outer
MIME-Version: 1.0
From: a@src.test

--outer
Content-Type: application/json
Content-Transfer-Encoding: base64

${encoded}
${inner}`;
}

test('over SMTP no reply is a failure of ours, and no value a header', async () => {
  const world = await openWorld();
  const { pick, isTrue, variables, message } = makePick(815);
  const transport = createTransport({
    ...{ pool: true, maxConnections: 1, maxMessages: ROUNDS, host: '127.0.0.1', port: world.server.addresses.smtp[0] ?? 0 },
    ...{ requireTLS: true, tls: { rejectUnauthorized: false }, auth: { user: world.login, pass: world.password } },
  });
  onTestFinished(() => transport.close());
  const envelope = { from: 'a@src.test', to: ['bob@dst.test', 'alice@dst.test'] };
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = isTrue() ? withVariables(pick(['field', 'container', 'both']), variables(), variables()) : undefined;
    const raw = text === undefined ? Buffer.from(message(), 'latin1') : Buffer.from(text, 'utf8');
    const reply = await transport.sendMail({ envelope, raw }).then(
      ({ response }) => response,
      ({ response }) => String(response),
    );
    expect(reply, raw.toString('latin1')).toMatch(/^(?:250 2\.0\.0|55\d 5\.[267]\.\d) ./);
    if (reply.startsWith('250')) accepted++;
  }
  await expectHarmless(world, accepted);
  const ours = world.mx.messages.filter(({ data }) => /^Subject: (?:=\?utf-8\?[qb]\?)?(?:ours|b3Vyc)/im.test(wireHead(data).toString()));
  expect(ours.length).toBeGreaterThan(10);
  for (const { data } of ours) for (const { name } of parseHead(wireHead(data))) expect(name).toMatch(OUR_FIELDS);
});
