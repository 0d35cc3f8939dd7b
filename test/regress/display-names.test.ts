/**
 * Display names keep every word, quoted or not, in every address field, and other programs read them so. Reported: colons, parentheses and
 * brackets lost words.
 */
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatMailbox, makeField, parseAddressList } from '#mail';
import { type Harness, startApi } from '../api/support/harness.js';

/** What was given before ` <sales@example.com>`, and the name that is meant. */
const NAMES: [given: string, meant: string][] = [
  ['Acme: Support', 'Acme: Support'],
  ['[Help] Team: EU', '[Help] Team: EU'],
  ['Christoph (Derp.com)', 'Christoph (Derp.com)'],
  ['Chris (Sales) Smith', 'Chris (Sales) Smith'],
  ['(Sales) Smith', '(Sales) Smith'],
  ['(Sales)', 'Sales'],
  ['Wolfe, Hannah', 'Wolfe, Hannah'],
  ['Wolfe, Hannah, Ph.D.', 'Wolfe, Hannah, Ph.D.'],
  ['Acme; Support', 'Acme; Support'],
  ['a:b;c:d', 'a:b;c:d'],
  ['Bob @ Acme', 'Bob @ Acme'],
  ['@acme', '@acme'],
  ['bob@acme.example', 'bob@acme.example'],
  ['Bob @ Acme, Inc.', 'Bob @ Acme, Inc.'],
  ['AC\\DC', 'AC\\DC'],
  ['Dwayne "The Rock" Johnson', 'Dwayne "The Rock" Johnson'],
  ['"Acme, Inc."', 'Acme, Inc.'],
  ['"Acme" "Inc"', 'Acme Inc'],
  ['"Acme \\"EU\\" \\\\ Co"', 'Acme "EU" \\ Co'],
  ['"Acme" (EU)', 'Acme (EU)'],
  ["'Acme, Inc.'", "'Acme, Inc.'"],
  ['Acme Inc.', 'Acme Inc.'],
  ['Acme...', 'Acme...'],
  ['A > B', 'A > B'],
  ['Smile :)', 'Smile :)'],
  ['Café: "Ü" (EU), @home', 'Café: "Ü" (EU), @home'],
  ['Müller, Jürgen', 'Müller, Jürgen'],
  ['日本: 東京 (本社)', '日本: 東京 (本社)'],
  ['🚀 Launch: now!', '🚀 Launch: now!'],
  ['=?utf-8?Q?Acme=3A_B=C3=A4r?=', 'Acme: Bär'],
  ['=?utf-8?B?QWNtZQ==?= Support', 'Acme Support'],
  ['"=?utf-8?Q?B=C3=A4r?="', 'Bär'],
  ['=?utf-8?Q?Doe,_John?=', 'Doe, John'],
  ['', ''],
  ['""', ''],
];

const ADDRESS = 'sales@example.com';
const flat = (raw: string) => raw.replace(/\r\n(?=[ \t])/g, '');

/** The mailboxes of a field as another program reads them. */
async function readElsewhere(field: string, line: string) {
  const message = await simpleParser(`${line}\r\n\r\nx\r\n`);
  const found = message[field as 'from'];
  return found?.value.map(({ name, address }) => [name, address]);
}

describe('as a list', () => {
  it.each(NAMES)('%s', (given, meant) => {
    expect(parseAddressList(`${given} <${ADDRESS}>`)).toEqual([{ name: meant, address: ADDRESS }]);
    expect(parseAddressList(`  ${given}<${ADDRESS}> `)).toEqual([{ name: meant, address: ADDRESS }]);
    const written = formatMailbox({ name: meant, address: ADDRESS });
    expect(parseAddressList(written)).toEqual([{ name: meant, address: ADDRESS }]);
  });

  it.each(NAMES)('%s among others', (given, meant) => {
    const list = parseAddressList(`a@x.test, Bob <b@x.test>, ${given} <${ADDRESS}>, c@x.test; Zoe <z@x.test>`);
    expect(list?.map(({ name, address }) => `${name}|${address}`)).toEqual([
      ...['|a@x.test', 'Bob|b@x.test', `${meant}|${ADDRESS}`],
      ...['|c@x.test', 'Zoe|z@x.test'],
    ]);
  });
});

describe('in a message sent over HTTP', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.stop());

  async function send(form: Record<string, string>): Promise<string> {
    const answer = await api.call('POST', '/v3/example.com/messages', {
      form: { from: 'a@example.com', to: 'b@dst.test', text: 'x', ...form },
    });
    expect(answer.status, answer.text).toBe(200);
    return flat(api.intake.accepted.at(-1)?.raw ?? '');
  }

  it.each(NAMES)('%s', async (given, meant) => {
    const mailbox = `${given} <${ADDRESS}>`;
    for (const [parameter, field] of [
      ['from', 'from'],
      ['to', 'to'],
      ['cc', 'cc'],
      ['h:Reply-To', 'replyTo'],
      ['h:From', 'from'],
      ['h:To', 'to'],
    ] as const) {
      const raw = await send({ [parameter]: mailbox });
      const name = { replyTo: 'Reply-To', from: 'From', to: 'To', cc: 'Cc' }[field];
      const line = new RegExp(`^${name}: .*$`, 'm').exec(raw)?.[0] ?? '';
      expect(await readElsewhere(field, line), `${parameter}: ${line}`).toEqual([[meant, ADDRESS]]);
      // Whatever the name, the line is 7-bit and the same way of writing is used in every field.
      expect(line.replace(/^[^:]*: /, '')).toBe(makeField('From', mailbox).value);
      expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
    await send({ bcc: mailbox });
    expect(api.intake.accepted.at(-1)?.recipients).toEqual(['b@dst.test', ADDRESS]);
  });

  it('lists keep their addresses apart', async () => {
    await send({
      to: 'Acme: Support <s@x.test>, Wolfe, Hannah <h@x.test>; "Doe, J." <j@x.test>, k@x.test',
      cc: 'Team: a@x.test, B <b@x.test>;',
    });
    expect(api.intake.accepted.at(-1)?.recipients).toEqual(['s@x.test', 'h@x.test', 'j@x.test', 'k@x.test', 'a@x.test', 'b@x.test']);
    const raw = flat(api.intake.accepted.at(-1)?.raw ?? '');
    expect(raw).toContain('\r\nTo: "Acme: Support" <s@x.test>, "Wolfe, Hannah" <h@x.test>, "Doe, J." <j@x.test>, k@x.test\r\n');
    expect(raw).toContain('\r\nCc: a@x.test, B <b@x.test>\r\n');
  });

  it('keeps what is no list of addresses as it is', async () => {
    expect(await send({ 'h:To': 'undisclosed-recipients:;' })).toContain('\r\nTo: undisclosed-recipients:;\r\n');
    expect(await send({ 'h:Reply-To': '%recipient.reply%' })).toContain('\r\nReply-To: %recipient.reply%\r\n');
  });

  it.each([
    'a@x.test b@x.test',
    'Acme: a@x.test',
    '5" Disks <s@x.test>',
    'a@x.test, Bob',
    'Foo b@x.test, Inc. <s@x.test>',
    '<EU> Support <s@x.test>',
    '=?utf-8?Q?a?=@x.test',
  ])('refuses what may be read in two ways: %s', async (to) => {
    const answer = await api.call('POST', '/v3/example.com/messages', { form: { from: 'a@example.com', to, text: 'x' } });
    expect([answer.status, answer.json.message]).toEqual([400, 'to parameter is not a valid address. please check documentation']);
  });
});
