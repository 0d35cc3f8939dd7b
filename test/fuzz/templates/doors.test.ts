/** Hostile templates through the doors of the real server: stored or refused with a reason, and what they send has the fields that it should have. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseHead } from '#mail';
import { openWorld } from '../../scenarios/support/world.js';
import { makeRandom, mutate } from '../mail/mutate.js';

const CORPUS = new URL('./corpus/', import.meta.url);
const PLAIN = Buffer.from('<p>{{name}} {{#equal plan "pro"}}Pro{{else}}{{#each list}}{{{this}}}{{/each}}{{/equal}} %recipient.name%</p>');
const CORPUS_SOURCES = readdirSync(CORPUS)
  .sort()
  .map((name) => readFileSync(new URL(name, CORPUS)));
const SOURCES = [...CORPUS_SOURCES, ...CORPUS_SOURCES.map(() => PLAIN)];
const HEADERS = ['{{name}}', '{{#equal plan "pro"}}Pro {{/equal}}{{{name}}} %recipient.name%', '{{#each list}}{{this}}, {{/each}}'].map(
  (text) => Buffer.from(text),
);
const VALUES = [
  'Ann',
  'x\r\nBcc: evil@x.test\r\n\r\nbody',
  '=?utf-8?Q?=0D=0ABcc:_evil?=',
  '{{name}} %recipient.plan%',
  '<b>"',
  'é\u2028\0',
];
const ROUNDS = 80;
const FIELDS =
  /^(?:DKIM-Signature|Received|Date|Message-Id|From|To|Subject|Reply-To|Content-Type|Content-Transfer-Encoding|MIME-Version)$/i;

test('no answer is a 500, and no value a header', async () => {
  const world = await openWorld();
  const random = makeRandom(2026);
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)] as T;
  const hostile = (items: Buffer[]) => (random() < 0.4 ? mutate(pick(items), random) : pick(items)).toString('utf8');
  const post = async (path: string, form: Record<string, string | string[]>) => {
    const { status, body } = await world.server.api('POST', path, { form });
    expect([200, 400], `${JSON.stringify(body)} for ${JSON.stringify(form)}`).toContain(status);
    expect(body.message).toMatch(/./);
    return status === 200;
  };
  let sent = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const headers = JSON.stringify({
      Subject: hostile(HEADERS),
      ...(random() < 0.3 ? { 'Reply-To': `${hostile(HEADERS)} <r@src.test>` } : {}),
    });
    if (!(await post('/v3/src.test/templates', { name: `t${round}`, template: hostile(SOURCES), headers }))) continue;
    const isSent = await post('/v3/src.test/messages', {
      ...{ from: 'a@src.test', to: ['bob@dst.test', 'alice@dst.test'], template: `t${round}`, 't:text': 'yes' },
      't:variables': JSON.stringify({ name: '%recipient.name%', plan: '%recipient.plan%', list: ['%recipient.name%', pick(VALUES)] }),
      'recipient-variables': JSON.stringify({
        'bob@dst.test': { name: pick(VALUES), plan: 'pro' },
        'alice@dst.test': { name: pick(VALUES) },
      }),
    });
    if (isSent) sent++;
  }
  expect(sent).toBeGreaterThan(5);
  await world.mx.waitForMessages(2 * sent);
  for (const { data } of world.mx.messages) {
    const head = data.subarray(0, data.indexOf('\r\n\r\n') + 2);
    for (const { name } of parseHead(head)) expect(name).toMatch(FIELDS);
    expect(data.toString('latin1')).not.toMatch(/(?<!\r)\n|\r(?!\n)|\0/);
  }
});
