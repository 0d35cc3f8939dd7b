/**
 * From, Sender and Reply-To mean one author to every reader, and no name of theirs is an address of another account's: both doors,
 * templates, batches. Reported: ceo@victim.example <a@mine.example> was sent as it came.
 */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Address, Refusal } from '#core';
import type { Directory } from '#directory';
import { buildMessage, compileTemplate, domainsNamedIn } from '#mail';
import { type Family, steepFamilies } from '../support/growth.js';
import { DOMAIN, makeTestIntake } from '../unit/intake/support/test-intake.js';

const VICTIM = { ...DOMAIN, id: 2, account: 2, name: 'victim.example' };
const HOSTED = new Map([DOMAIN, VICTIM, { ...DOMAIN, id: 3, name: 'mine.example' }].map((domain) => [domain.name, domain]));

/** With a template `t` that has these header fields. */
function setUp(headers: { name: string; source: string }[] = []) {
  const directory = {
    domains: { nearest: async (name: string) => HOSTED.get(name) },
    accounts: { get: async () => ({ publicId: 'a'.repeat(24) }) },
    templates: {
      ready: async () => {
        const made = headers.map(({ name, source }) => ({ name, source, template: compileTemplate(source, 'text') }));
        return { name: 't', tag: 'v1', source: 'x', html: compileTemplate('x'), headers: made };
      },
    },
  } as unknown as Directory;
  return makeTestIntake({ directory });
}

const flat = (head: string) => head.replace(/\r\n(?=[ \t])/g, '');
const fieldOf = (head: string, name: string) => new RegExp(`^${name}: (.*)\\r$`, 'mi').exec(flat(head))?.[1];
const REFUSED = { smtpCode: 550, enhancedCode: '5.7.1', httpStatus: 403 };

/** `From: VALUE` as it came over SMTP or in MIME. */
const take = (head: string, intake = setUp()) => intake.take(`${head}\r\nSubject: x\r\n\r\nx\r\n`);
const FROM = 'From: a@src.example';

describe('is refused when a name is an address of another account', () => {
  it.each([
    'ceo@victim.example <a@src.example>',
    'CEO ceo@victim.example <a@src.example>',
    'a@src.example ceo@victim.example <b@src.example>',
    '"ceo@victim.example" <a@src.example>',
    '"Big Boss <ceo@victim.example>" <a@src.example>',
    '=?utf-8?Q?ceo=40victim.example?= <a@src.example>',
    '=?utf-8?B?Y2VvQHZpY3RpbS5leGFtcGxl?= <a@src.example>',
    '=?utf-8?Q?ceo=40vic?= =?utf-8?Q?tim.example?= <a@src.example>',
    '"=?utf-8?Q?ceo=40victim.example?=" <a@src.example>',
    'ceo@victim.example\r\n <a@src.example>',
    'ceo@victim\r\n .example <a@src.example>',
    'ceo@VICTIM.EXAMPLE. <a@src.example>',
    'ceo @ victim.example <a@src.example>',
    '(ceo@victim.example) a@src.example',
    'a@src.example (ceo@victim.example)',
    '<a@src.example> (ceo@victim.example)',
    'Boss (ceo@victim.example) <a@src.example>',
    'ceo\uff20victim.example <a@src.example>',
    '"ceo@vic\u200btim.example" <a@src.example>',
    '"ceo@victim\uff0eexample\u2713" <a@src.example>',
    '"ceo@victim.example"@src.example',
    'Team: ceo@victim.example <a@src.example>;',
    'a@src.example, ceo@victim.example',
    'ceo@victim.example, a@src.example',
    'Team: a@src.example, ceo@victim.example;',
  ])('%s', async (value) => {
    // A name broken over two lines is joined by a blank, which makes it no address.
    const expected = value.includes('victim\r\n') ? { head: expect.any(String) } : REFUSED;
    expect(await take(`From: ${value}`)).toMatchObject(expected);
    expect(await take(`${FROM}\r\nSender: ${value}`)).toMatchObject(expected);
    const isAddress = value.includes(', ceo@victim.example') || value.startsWith('ceo@victim.example,');
    expect(await take(`${FROM}\r\nReply-To: ${value}`)).toMatchObject(isAddress ? { head: expect.any(String) } : expected);
  });

  it.each([
    'ceo@victim.example a@src.example',
    '<ceo@victim.example> a@src.example',
    '<@victim.example:a@src.example>',
    '=?utf-8?Q?ceo=40victim.example=00?=@src.example',
  ])('%s, which cannot be read', async (value) => {
    expect(await take(`From: ${value}`)).toMatchObject({ smtpCode: 550, enhancedCode: '5.6.0', httpStatus: 400 });
    expect(await take(`${FROM}\r\nSender: ${value}`)).toMatchObject({ smtpCode: 550, enhancedCode: '5.6.0' });
  });

  it.each([
    ['two From fields', `${FROM}\r\nFrom : b@src.example`],
    ['two Sender fields', `${FROM}\r\nSender: a@src.example\r\nsender: b@src.example`],
  ])('%s', async (_, head) => expect(await take(head)).toMatchObject({ smtpCode: 550, enhancedCode: '5.6.0', httpStatus: 400 }));

  it('a Reply-To that cannot be read and names it beside another', async () => {
    expect(await take(`${FROM}\r\nReply-To: ceo@victim.example a@src.example`)).toMatchObject(REFUSED);
    expect(await take(`${FROM}\r\nReply-To: nobody`)).toMatchObject({ head: expect.stringContaining('\r\nReply-To: nobody\r\n') });
    expect(await take(`${FROM}\r\nReply-To: \r\nX: y`)).toMatchObject({ head: expect.stringContaining('\r\nReply-To: \r\n') });
  });

  it('and so are names with more addresses than any author has', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `x@d${index}.example`).join(' ');
    expect(await take(`From: "${names}" <a@src.example>`)).toMatchObject({ httpStatus: 400, publicText: /too many domains/ });
  });
});

describe('is written anew where readers differ', () => {
  it.each([
    ['ceo@elsewhere.example <a@src.example>', '"ceo@elsewhere.example" <a@src.example>'],
    ['me@mine.example <a@src.example>', '"me@mine.example" <a@src.example>'],
    ['Acme: Support <a@src.example>', '"Acme: Support" <a@src.example>'],
    ['Wolfe, Hannah <a@src.example>', '"Wolfe, Hannah" <a@src.example>'],
    ['Team: a@src.example;', 'a@src.example'],
    ['a@src.example (x@elsewhere.example)', '"x@elsewhere.example" <a@src.example>'],
    ['a@src.example; b@src.example', 'a@src.example, b@src.example'],
    ['x@elsewhere.example\r\n <a@src.example>', '"x@elsewhere.example" <a@src.example>'],
  ])('%s', async (value, expected) => {
    for (const name of ['From', 'Sender', 'Reply-To']) {
      const taken = await take(name === 'From' ? `From: ${value}` : `${FROM}\r\n${name}: ${value}`);
      if (taken instanceof Refusal) throw taken;
      expect(fieldOf(taken.head, name)).toBe(expected);
    }
  });

  it.each([
    'A <a@src.example>',
    '"Doe, J." <a@src.example>',
    'Jane (Sales) Doe <a@src.example>',
    '=?utf-8?Q?B=C3=A4r?= <a@src.example>',
    '"a@src.example" <a@src.example>',
    '"x@elsewhere.example via us" <a@src.example>',
    'Bär\r\n\t<a@src.example>',
  ])('and left alone where they do not: %s', async (value) => {
    const taken = await take(`From: ${value}`);
    expect(taken).toMatchObject({ head: expect.stringContaining(`From: ${value}\r\n`) });
  });

  it('replies may go to another account, under its own name', async () => {
    const value = '"Visitor v@victim.example" <v@victim.example>, w@victim.example';
    expect(await take(`${FROM}\r\nReply-To: ${value}`)).toMatchObject({ head: expect.stringContaining(`Reply-To: ${value}\r\n`) });
  });
});

describe('over HTTP', () => {
  const compose = (over: { from?: string; headers?: { name: string; value: string }[] }) =>
    buildMessage({
      ...{ from: 'a@src.example', to: ['b@dst.example'], cc: [], text: 'x', headers: [], attachments: [] },
      ...{ messageId: 'm@src.example', date: new Date(0), ...over },
    });
  const spoof = 'ceo@victim.example <a@src.example>';

  it.each([
    ['from', compose({ from: spoof })],
    ['h:From', compose({ headers: [{ name: 'From', value: spoof }] })],
    ['h:Sender', compose({ headers: [{ name: 'Sender', value: spoof }] })],
    ['h:Reply-To', compose({ headers: [{ name: 'Reply-To', value: spoof }] })],
  ])('%s', async (_, content) => expect(await setUp().take('', { method: 'http', content })).toMatchObject(REFUSED));

  it('a field of a stored template', async () => {
    for (const name of ['From', 'Reply-To']) {
      const intake = setUp([{ name, source: '{{who}} <a@src.example>' }]);
      const content = () => buildMessage({ ...partsWithoutAuthor, from: name === 'From' ? undefined : 'a@src.example' });
      const request = (who: string) => ({ method: 'http' as const, content: content(), template: { name: 't', variables: { who } } });
      expect(await intake.take('', request('ceo@victim.example'))).toMatchObject(REFUSED);
      const taken = await intake.take('', request('x@elsewhere.example'));
      expect(taken).toMatchObject({ head: expect.stringContaining(`${name}: "x@elsewhere.example" <a@src.example>\r\n`) });
    }
  });
});

const partsWithoutAuthor = {
  ...{ to: ['b@dst.example'], cc: [], html: ' ', headers: [], attachments: [] },
  ...{ messageId: 'm@src.example', date: new Date(0) },
};

describe('in a batch', () => {
  const recipients = ['bob@dst.example', 'cid@dst.example'] as Address[];
  const batch = (values: Record<string, string>[]) => ({
    recipients,
    recipientVariables: { everybody: {}, byAddress: new Map(recipients.map((recipient, index) => [recipient, values[index] ?? {}])) },
  });

  it.each([
    ['a name', 'From: %recipient.x% <a@src.example>'],
    ['half a name', 'From: "%recipient.x%" <a@src.example>'],
    ['an encoded name', 'From: =?utf-8?Q?=25recipient=2Ex=25?= <a@src.example>'],
    ['the name of a Sender', `${FROM}\r\nSender: %recipient.x% <a@src.example>`],
    ['the name of a Reply-To', `${FROM}\r\nReply-To: %recipient.x% <a@src.example>`],
    ['a whole Reply-To', `${FROM}\r\nReply-To: %recipient.whole%`],
    ['an address split over name and value', 'From: "ceo@%recipient.y%" <a@src.example>'],
  ])('%s from a value', async (_, head) => {
    const values = (domain: string) => [
      { x: 'Bob', y: 'x', whole: 'r@src.example' },
      { x: `ceo@${domain}`, y: domain, whole: `ceo@${domain} <a@src.example>` },
    ];
    const send = (domain: string) =>
      setUp().take('', { ...batch(values(domain)), content: Readable.from([Buffer.from(`${head}\r\nTo: %recipient%\r\n\r\nx\r\n`)]) });
    expect(await send('victim.example')).toMatchObject(REFUSED);
    expect(await send('elsewhere.example')).toMatchObject({ head: expect.any(String) });
  });

  it('the name of a recipient', async () => {
    const raw = (to: string) => Buffer.from(`From: %recipient_name% <a@src.example>\r\nTo: bob@dst.example, ${to}\r\n\r\nx\r\n`);
    const send = (to: string) => setUp().take('', { ...batch([]), content: Readable.from([raw(to)]) });
    expect(await send('"ceo@victim.example" <cid@dst.example>')).toMatchObject(REFUSED);
    expect(await send('"Cid" <cid@dst.example>')).toMatchObject({ head: expect.any(String) });
  });

  it('a field of a stored template', async () => {
    const intake = setUp([{ name: 'From', source: '{{who}} <a@src.example>' }]);
    const request = (x: string) => ({
      ...{ ...batch([{ x: 'Bob' }, { x }]), method: 'http' as const, content: buildMessage({ ...partsWithoutAuthor, from: undefined }) },
      template: { name: 't', variables: { who: '%recipient.x%' } },
    });
    expect(await intake.take('', request('ceo@victim.example'))).toMatchObject(REFUSED);
    expect(await intake.take('', request('Cid'))).toMatchObject({ head: expect.any(String) });
  });
});

it('finds the domains of addresses in names in linear time', async () => {
  expect([...domainsNamedIn('@handle.example a@b.example, x@y <c@d.example.>')]).toEqual(['b.example', 'd.example']);
  const pumps = ['@', 'a@', 'a @ ', 'a@b.', 'a@b.example ', '\u200b@', ' '];
  const families = pumps.map((pump): Family<string> => [JSON.stringify(pump), (times) => pump.repeat(times)]);
  expect(await steepFamilies(families, 20_000, domainsNamedIn)).toEqual([]);
});
