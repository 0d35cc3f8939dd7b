/** Hostile values for every option through both doors: each is taken or refused in one plain line; none crashes, starts a field or bends the schedule. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSendOptions } from '#api/message-form/send-options.js';
import { readUserVariables } from '#api/message-form/variables.js';
import { Refusal } from '#core';
import { Form } from '#http';
import { OPTION_TABLE } from '#intake/options/option-table.js';
import { MAIL, makeTestIntake, NOW, type Taken } from '../../unit/intake/support/test-intake.js';
import { makeRandom, mutate } from '../mail/mutate.js';

const corpus: string[] = JSON.parse(readFileSync(new URL('./corpus/option-values.json', import.meta.url), 'utf8'));
const MUTATIONS = Number(process.env.FUZZ_MUTATIONS ?? 250);
const DAY = 86_400_000;
const FIELDS = /^(Received|X-Mailgun-Variables|From|To|Subject|Date|Message-Id)$/;

const PARAMETERS = [...OPTION_TABLE.map(({ name }) => `o:${name}`), 'v:x', 'h:X-Mailgun-Variables'];
const HEADERS = [...OPTION_TABLE.map(({ field }) => `X-Mailgun-${field}`), 'X-Mailgun-Variables'];
const { take, rejected } = makeTestIntake();

async function overHttp(name: string, value: string): Promise<Taken | Refusal> {
  const form = new Form([], [{ name, value }]);
  try {
    return await take(MAIL, { method: 'http', protocol: 'HTTP', ...readSendOptions(form), userVariables: readUserVariables(form) });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The value in one field: line breaks of its own would be the sender's fields. */
const overSmtp = (name: string, value: string) => take(`${name}: ${value.replace(/[\r\n\0]/g, ' ')}\r\n${MAIL}`);

function check(result: Taken | Refusal): void {
  if (result instanceof Refusal) {
    expect([result.httpStatus, result.smtpCode]).toEqual([400, 550]);
    expect(result.publicText).toMatch(/^[\x20-\x7e]{1,500}$/);
    return;
  }
  const { put, head } = result;
  const names = head
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.slice(0, line.indexOf(':')));
  for (const name of names) expect(name).toMatch(FIELDS);
  expect(head).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
  const { message, deliveries } = put;
  expect(JSON.parse(JSON.stringify(message.options))).toEqual(
    Object.fromEntries(Object.entries(message.options).filter(([, value]) => value !== undefined)),
  );
  for (const { due } of deliveries) {
    expect(due).toBeGreaterThanOrEqual(NOW);
    expect(due).toBeLessThanOrEqual(NOW + 7 * DAY + 300_000);
    expect(message.expiresAt - due).toBeGreaterThanOrEqual(300_000);
    expect(message.expiresAt - due).toBeLessThanOrEqual(DAY);
  }
}

describe('any value of any option', () => {
  it.each(PARAMETERS)('%s', async (name) => {
    for (const value of corpus) check(await overHttp(name, value));
  });

  it.each(HEADERS)('%s', async (name) => {
    for (const value of corpus) check(await overSmtp(name, value));
  });

  it('mutated', async () => {
    const random = makeRandom(4);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    for (let round = 0; round < MUTATIONS * 4; round++) {
      const value = mutate(Buffer.from(pick(corpus)), random).toString('utf8');
      check(await overHttp(pick(PARAMETERS), value));
      check(await overSmtp(pick(HEADERS), value));
    }
    for (const { body } of rejected) expect(JSON.parse(body).reject.reason).toMatch(/^[\x20-\x7e]+$/);
  });
});
