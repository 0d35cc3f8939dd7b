/** The same hostile input through the HTTP door of the real server: an answer that says what is wrong, or mail in which no value made a field. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseHead } from '../../../dist/mail/index.js';
import { file, openWorld } from '../../scenarios/support/world.js';
import { makeRandom, mutate } from '../mail/mutate.js';

const CORPUS = new URL('./corpus/', import.meta.url);
const corpus = (ending: string) =>
  readdirSync(CORPUS)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => readFileSync(new URL(name, CORPUS)));
const ROUNDS = 60;

test('no answer is a 500, and no value a header', async () => {
  const world = await openWorld();
  const random = makeRandom(4711);
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)] as T;
  const [messages, variables] = [corpus('.eml'), corpus('.json')];
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const json = random() < 0.5 ? mutate(pick(variables), random) : pick(variables);
    const common = {
      to: ['bob@dst.test', 'alice@dst.test'],
      'recipient-variables': json.toString('utf8').replaceAll('dst.example', 'dst.test'),
    };
    const raw = random() < 0.5 ? mutate(pick(messages), random) : pick(messages);
    const mime = raw.toString('latin1').replaceAll('.example', '.test');
    const isMime = random() < 0.5;
    const form = isMime
      ? { ...common, message: file('m', Buffer.from(mime, 'latin1'), 'message/rfc822') }
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
  expect(accepted).toBeGreaterThan(10);
  await world.mx.waitForMessages(2 * accepted);
  for (const { data } of world.mx.messages) {
    const head = data.subarray(0, data.indexOf('\r\n\r\n') + 2);
    const names = parseHead(head).map((field) => field.lowerName);
    expect(names).not.toContain('bcc');
    expect(data.toString('latin1')).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
  }
});
