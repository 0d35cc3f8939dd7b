/** Every option of a message, asked for through both doors: the same comes of it, and a bad value is refused by the name the client used. */
import { beforeEach, describe, expect, it } from 'vitest';
import { readSendOptions } from '#api/message-form/send-options.js';
import { readTemplateRequest } from '#api/message-form/template.js';
import { readRecipientVariablesParameter, readUserVariables } from '#api/message-form/variables.js';
import { Refusal } from '#core';
import { Form } from '#http';
import { OPTION_TABLE } from '#intake/options/option-table.js';
import { MAIL, makeTestIntake, NOW, POOL, type Taken } from './support/test-intake.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What is compared: everything an option can change. */
function outcome({ put: { message, deliveries }, head, window }: Taken) {
  return {
    options: JSON.parse(JSON.stringify(message.options)),
    tags: message.facts.tags,
    variables: message.facts.userVariables,
    due: deliveries.map(({ due }) => due - NOW),
    givenUpAfter: message.expiresAt - NOW,
    shown: [...head.matchAll(/^(X-Mailgun-[\w-]+): /gm)].map(([, name]) => name),
    best: window && { within: window.until - window.from, localTime: window.localTime },
    recipients: deliveries.map(({ recipientVariables }) => recipientVariables),
    template: message.facts.template?.version,
    html: message.body.kind === 'inline' ? /<p>.*<\/p>/.exec(Buffer.from(message.body.bytes).toString())?.[0] : undefined,
  };
}

const USUAL = {
  options: { dkim: true, testMode: false, requireTls: false, skipVerification: false },
  ...{ tags: [], variables: {}, due: [0], givenUpAfter: 8 * HOUR, shown: [] },
  ...{ best: undefined, recipients: [undefined], template: undefined, html: undefined },
};
const options = (fields: object) => ({ options: { ...USUAL.options, ...fields } });

interface Row {
  name: string;
  field: string;
  /** Value, or several of them, and what comes of it that is not as usual. */
  good: [value: string | string[], changes: object][];
  bad: [value: string, text?: RegExp][];
  /** Asked beside it at both doors. */
  beside?: [name: string, field: string, value: string][];
  /** The value as the field has it, where that is another. */
  asField?: (value: string) => string;
}

const SWITCH_BAD: Row['bad'] = [['maybe', /expecting yes or no/], ['2'], ['yes please'], ['htmlonly']];
const PART_SWITCH_BAD: Row['bad'] = [['maybe', /expecting yes, no or htmlonly/], ['html']];
const onAndOff = (key: string): Row['good'] => [
  ...['yes', 'YES', 'true', 'True', '1', ' yes '].map((value): Row['good'][number] => [value, options({ [key]: true })]),
  ...['no', 'False', '0'].map((value): Row['good'][number] => [value, options({ [key]: false })]),
];
const inThreeWays = (key: string): Row['good'] => [
  ['yes', options({ [key]: 'yes' })],
  ['False', options({ [key]: 'no' })],
  ['htmlonly', options({ [key]: 'htmlonly' })],
];
const KEY = { domain: 'example.com', selector: 's1' };
const later = (ms: number) => ({ due: [ms], givenUpAfter: ms + 8 * HOUR });

const ROWS: Row[] = [
  {
    ...{ name: 'o:tag', field: 'X-Mailgun-Tag' },
    good: [
      ['spring', { tags: ['spring'] }],
      [['spring', 'Sale', 'a, b'], { tags: ['spring', 'Sale', 'a, b'] }],
      [['spring', 'SPRING', 'Spring'], { tags: ['spring'] }],
      ['x'.repeat(128), { tags: ['x'.repeat(128)] }],
    ],
    bad: [['x'.repeat(129), /128 ASCII characters/], ['größe']],
  },
  { name: 'o:campaign', field: 'X-Mailgun-Campaign-Id', good: [[['c1', 'c2'], { tags: ['c1', 'c2'] }]], bad: [['größe']] },
  { name: 'o:dkim', field: 'X-Mailgun-Dkim', good: onAndOff('dkim'), bad: SWITCH_BAD },
  {
    ...{ name: 'o:secondary-dkim', field: 'X-Mailgun-Secondary-DKIM' },
    good: ['example.com,s1', 'example.com/s1', 'Example.com , S1'].map((value) => [value, options({ secondaryDkim: KEY })]),
    bad: [['example.com', /signing_domain,selector/], ['example.com,s 1'], ['example .com,s1'], ['a,b,c']],
  },
  {
    ...{ name: 'o:secondary-dkim-public', field: 'X-Mailgun-Secondary-DKIM-Public' },
    beside: [['o:secondary-dkim', 'X-Mailgun-Secondary-DKIM', 'own.example,k1']],
    good: [['example.com/s1', options({ secondaryDkim: { domain: 'own.example', selector: 'k1' }, secondaryDkimPublic: KEY })]],
    bad: [['example.com'], ['/s1']],
  },
  { name: 'o:testmode', field: 'X-Mailgun-Drop-Message', good: onAndOff('testMode'), bad: SWITCH_BAD },
  {
    ...{ name: 'o:tracking', field: 'X-Mailgun-Track' },
    good: [
      ['yes', options({ trackingClicks: 'yes', trackingOpens: true })],
      ['no', options({ trackingClicks: 'no', trackingOpens: false })],
      ['htmlonly', options({ trackingClicks: 'htmlonly', trackingOpens: true })],
    ],
    bad: PART_SWITCH_BAD,
  },
  { name: 'o:tracking-clicks', field: 'X-Mailgun-Track-Clicks', good: inThreeWays('trackingClicks'), bad: PART_SWITCH_BAD },
  { name: 'o:tracking-opens', field: 'X-Mailgun-Track-Opens', good: onAndOff('trackingOpens'), bad: SWITCH_BAD },
  {
    ...{ name: 'o:tracking-pixel-location-top', field: 'X-Mailgun-Track-Pixel-Location-Top' },
    good: inThreeWays('trackingPixelTop'),
    bad: PART_SWITCH_BAD,
  },
  { name: 'o:require-tls', field: 'X-Mailgun-Require-TLS', good: onAndOff('requireTls'), bad: SWITCH_BAD },
  { name: 'o:skip-verification', field: 'X-Mailgun-Skip-Verification', good: onAndOff('skipVerification'), bad: SWITCH_BAD },
  {
    ...{ name: 'o:sending-ip', field: 'X-Mailgun-Sending-Ip' },
    good: [['203.0.113.10', options({ sendingIp: '203.0.113.10' })]],
    bad: [
      ['203.0.113', /expecting an IP address/],
      ['localhost'],
      ['fe80::1%eth0'],
      ['203.0.113.9', /not an address that this server sends from/],
    ],
  },
  {
    ...{ name: 'o:sending-ip-pool', field: 'X-Mailgun-Sending-Ip-Pool' },
    good: [[POOL, options({ sendingIpPool: POOL })]],
    bad: [
      ['a pool', /expecting the id of an IP pool/],
      ['5f0c1d2e', /no pool/],
    ],
  },
  {
    ...{ name: 'o:deliverytime', field: 'X-Mailgun-Deliver-By' },
    good: [
      ['Wed, 04 Mar 2026 12:15:30 +0000', later(2 * HOUR)],
      ['Wed, 4 Mar 2026 12:15:30 GMT', later(2 * HOUR)],
      ['04 Mar 2026 13:15:30 +0100', later(2 * HOUR)],
      ['Wed, 04 Mar 2026 13:15:30 0100', later(2 * HOUR)],
      ['Wed, 04 Mar 2026 12:15:30', later(2 * HOUR)],
      ['2026-03-04T12:15:30Z', later(2 * HOUR)],
      [String(NOW / SECOND + 90), later(90 * SECOND)],
      ['Wed, 11 Mar 2026 10:15:30 +0000', later(7 * DAY)],
      ['Fri, 14 Oct 2011 12:00:00 +0000', {}],
      ['0', {}],
    ],
    bad: [
      ['soon', /^soon is not an RFC-2822 compliant date/],
      ['Wed, 04 Mar 2026 99:15:30 +0000'],
      ['Thu, 12 Mar 2026 10:15:30 +0000', /7 days/],
      ['9e99'],
      ['99999999999999999999'],
    ],
  },
  {
    ...{ name: 'o:deliver-within', field: 'X-Mailgun-Deliver-Within' },
    good: [
      ['5m', { givenUpAfter: 5 * MINUTE }],
      ['1h30m', { givenUpAfter: 90 * MINUTE }],
      ['24h', { givenUpAfter: DAY }],
      ['90m', { givenUpAfter: 90 * MINUTE }],
      ['0h5m', { givenUpAfter: 5 * MINUTE }],
    ],
    bad: [['4m', /expecting 5m to 24h/], ['24h1m'], ['h'], ['1.5h'], ['90'], ['-5m'], ['30m1h'], ['1d']],
  },
  {
    ...{ name: 'o:deliverytime-optimize-period', field: 'X-Mailgun-Delivery-Time-Optimize-Period' },
    good: [
      ['24h', { best: { within: DAY } }],
      ['72h', { best: { within: 3 * DAY } }],
    ],
    bad: [['23h', /expecting 24h to 72h/], ['73h'], ['24'], ['1d'], ['24h30m']],
  },
  {
    ...{ name: 'o:time-zone-localize', field: 'X-Mailgun-Time-Zone-Localize' },
    good: [
      ['02:30', { best: { within: DAY, localTime: 150 } }],
      ['23:59', { best: { within: DAY, localTime: 1439 } }],
      ['02:30PM', { best: { within: DAY, localTime: 870 } }],
      ['12:00am', { best: { within: DAY, localTime: 0 } }],
    ],
    bad: [
      ['24:00', /^24:00 invalid 24 hour time\(value of '/],
      ['13:00PM', /^13:00PM invalid 12 hour time\(value of '/],
      ['00:30am'],
      ['noon'],
      ['8:60'],
    ],
  },
  {
    ...{ name: 'o:archive-to', field: 'X-Mailgun-Archive-To' },
    good: [['https://archive.example/in?x=1', options({ archiveTo: 'https://archive.example/in?x=1' })]],
    bad: [
      ['archive.example', /expecting an http or https URL/],
      ['ftp://archive.example/'],
      ['http://127.0.0.1:8080/in', /archive-to': 127\.0\.0\.1 is not a public address/i],
      ['https://10.1.2.3/in', /not a public address/],
      ['https://localhost/in', /not a public name/],
      ['https://archive/in', /not a public name/],
      ['https://archive.invalid/in', /never be found/],
      ['https://archive.example:25/in', /Port 25 is not allowed/],
      ['https://under_score-/in'],
      ['https://a:b@archive.example/'],
      ['http://'],
      ['https://a b/'],
    ],
  },
  {
    ...{ name: 'o:suppress-headers', field: 'X-Mailgun-Suppress-Headers' },
    beside: [['h:X-Mailgun-Variables', 'X-Mailgun-Variables', '{"a":1}']],
    good: [
      ['all', { variables: { a: 1 } }],
      ['X-Mailgun-Tag, x-mailgun-variables', { variables: { a: 1 } }],
      [['X-Mailgun-Tag', 'X-Mailgun-Variables'], { variables: { a: 1 } }],
      ['X-Mailgun-Tag', { variables: { a: 1 }, shown: ['X-Mailgun-Variables'] }],
    ],
    bad: [['Received', /names of X-Mailgun headers, or all/], ['X-Mailgun-Tag,'], ['X-Mailgun-']],
  },
  {
    // What it answers is tested in scenarios/lint.test.ts.
    ...{ name: 'o:lint', field: 'X-Mailgun-Lint' },
    good: [
      ['yes', {}],
      ['no', {}],
    ],
    bad: SWITCH_BAD,
  },
  {
    ...{ name: 'o:native-send', field: 'X-Mailgun-Native-Send' },
    good: [
      ['yes', {}],
      ['no', {}],
    ],
    bad: SWITCH_BAD,
  },
];

const TEMPLATE: [string, string, string] = ['template', 'X-Mailgun-Template-Name', 'welcome'];
const templated = (html: string, version = 'v2') => ({ template: version, html });

/** What is asked with other parameters than `o:`. */
const OTHER_ROWS: Row[] = [
  {
    ...{ name: 'v:color', field: 'X-Mailgun-Variables', asField: (value) => JSON.stringify({ color: value }) },
    good: ['red', '{"a": 1}', 'größe'].map((value) => [value, { variables: { color: value }, shown: ['X-Mailgun-Variables'] }]),
    bad: [],
  },
  {
    ...{ name: 'h:X-Mailgun-Variables', field: 'X-Mailgun-Variables' },
    good: [
      ['{"a": {"b": [1]}, "c": "x"}', { variables: { a: { b: [1] }, c: 'x' }, shown: ['X-Mailgun-Variables'] }],
      [['{"a": 1, "b": 1}', '{"c": 2}'], { variables: { a: 1, b: 1, c: 2 }, shown: ['X-Mailgun-Variables'] }],
      ['{}', {}],
    ],
    bad: [
      ['{', /not a valid JSON/],
      ['[1]', /not a JSON object/],
    ],
  },
  {
    ...{ name: 'recipient-variables', field: 'X-Mailgun-Recipient-Variables' },
    good: [
      ['{"bob@dst.example": {"a": 1}}', { recipients: [{ a: 1 }] }],
      ['{"bob@DST.example": {"a": {"b": null}}, "eve@dst.example": {"a": 2}}', { recipients: [{ a: { b: null } }] }],
      ['{}', { recipients: [{}] }],
    ],
    bad: [
      ['{', /not a valid JSON/],
      ['[]', /must be an object/],
      ['{"bob@dst.example": 1}', /bob@dst\.example are not an object/],
    ],
  },
  {
    ...{ name: 'template', field: 'X-Mailgun-Template-Name', beside: [['v:name', 'X-Mailgun-Variables', 'Ann']] },
    good: [['welcome', { ...templated('<p>Hello Ann</p>'), variables: { name: 'Ann' }, shown: ['X-Mailgun-Variables'] }]],
    bad: [['nothing', /template 'nothing' not found/]],
  },
  {
    ...{ name: 't:version', field: 'X-Mailgun-Template-Version', beside: [TEMPLATE] },
    good: [
      ['v1', templated('<p>Hi </p>', 'v1')],
      ['v2', templated('<p>Hello </p>')],
    ],
    bad: [['v9', /version 'v9' of template 'welcome' not found/]],
  },
  {
    ...{ name: 't:variables', field: 'X-Mailgun-Template-Variables', beside: [TEMPLATE] },
    good: [
      ['{"name": "Bob"}', templated('<p>Hello Bob</p>')],
      ['{"name": "<B>"}', templated('<p>Hello &lt;B&gt;</p>')],
    ],
    bad: [
      ['{', /not a valid JSON/],
      ['[]', /not a JSON object/],
    ],
  },
];

/** No header asks for it: what is sent over SMTP comes with the texts it has. */
const TEXT_OF_TEMPLATE: [string, boolean][] = [
  ['yes', true],
  ['True', true],
  ['1', true],
  ['no', false],
  ['0', false],
];

type Pair = [string, string];
let { take, rejected } = makeTestIntake();
beforeEach(() => {
  // Of one intake so many refusals a minute leave an event.
  ({ take, rejected } = makeTestIntake());
});

/** As POST /messages reads it. */
async function overHttp(pairs: Pair[], mail = MAIL): Promise<Taken | Refusal> {
  const form = new Form(
    [],
    pairs.map(([name, value]) => ({ name, value })),
  );
  try {
    return await take(mail, {
      ...{ method: 'http', protocol: 'HTTP', ...readSendOptions(form), userVariables: readUserVariables(form) },
      ...{ recipientVariables: readRecipientVariablesParameter(form), template: readTemplateRequest(form) },
    });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const overSmtp = (pairs: Pair[]) => take(pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('') + MAIL);

describe.each([...ROWS, ...OTHER_ROWS])('$name and $field', ({ name, field, good, bad, beside = [], asField = (value) => value }) => {
  const asked = (value: string | string[], door: 0 | 1): Pair[] => [
    ...beside.map((names): Pair => [names[door], door === 1 && names[0] === 'v:name' ? JSON.stringify({ name: names[2] }) : names[2]]),
    ...[value].flat().map((text): Pair => (door === 0 ? [name, text] : [field, asField(text)])),
  ];

  it.each(good)('%s', async (value, changes) => {
    for (const taken of [await overHttp(asked(value, 0)), await overSmtp(asked(value, 1))]) {
      if (taken instanceof Refusal) throw taken;
      expect(outcome(taken)).toEqual({ ...USUAL, ...changes });
    }
  });

  it.each(bad)('refuses %s', async (value, text = /./) => {
    const [http, smtp] = [await overHttp(asked(value, 0)), await overSmtp(asked(value, 1))];
    expect(http).toMatchObject({ httpStatus: 400, publicText: expect.stringMatching(text) });
    expect((http as Refusal).publicText).toContain(`'${name}'`);
    expect(smtp).toMatchObject({ smtpCode: 550, publicText: expect.stringMatching(text) });
    expect((smtp as Refusal).publicText).toContain(`'${field}'`);
    expect(JSON.parse(rejected.at(-1)?.body ?? '').reject.reason).toBe((smtp as Refusal).publicText);
  });
});

describe('t:text', () => {
  const BARE = MAIL.slice(0, MAIL.indexOf('\r\n\r\n') + 4);
  const asked = (value: string): Pair[] => [
    ['template', 'welcome'],
    ['v:name', 'Ann'],
    ['t:text', value],
  ];

  it.each(TEXT_OF_TEMPLATE)('%s', async (value, isText) => {
    const { put } = (await overHttp(asked(value), BARE)) as Taken;
    expect(put.message.facts.template).toEqual({ name: 'welcome', version: 'v2', isText });
    const body = put.message.body.kind === 'inline' ? Buffer.from(put.message.body.bytes).toString() : '';
    expect(body.includes('<p>Hello Ann</p>')).toBe(true);
    expect(/^Hello Ann\r?$/m.test(body)).toBe(isText);
  });

  it('leaves the text of a message that has one', async () => {
    const { put } = (await overHttp(asked('yes'))) as Taken;
    expect(put.message.facts.template).toMatchObject({ isText: false });
  });

  it.each(['maybe', '2', 'htmlonly'])('refuses %s', async (value) => {
    expect(await overHttp(asked(value), BARE)).toMatchObject({ httpStatus: 400, publicText: expect.stringContaining("'t:text'") });
  });

  it('is refused as a header, and without a template', async () => {
    const field = 'X-Mailgun-Template-Text';
    expect(await overSmtp([[field, 'yes']])).toMatchObject({ smtpCode: 550, publicText: `'${field}' is not a send option` });
    expect(await overHttp([['t:text', 'yes']])).toMatchObject({ httpStatus: 400, publicText: expect.stringContaining("'t:text'") });
  });
});

describe('options together', () => {
  it('are all in this table', () => {
    expect(OPTION_TABLE.map((rule) => [`o:${rule.name}`, `X-Mailgun-${rule.field}`])).toEqual(ROWS.map(({ name, field }) => [name, field]));
  });

  it('what is exact wins over o:tracking, whatever comes first', async () => {
    const expected = options({ trackingClicks: 'htmlonly', trackingOpens: false });
    for (const taken of [
      await overHttp([
        ['o:tracking-clicks', 'htmlonly'],
        ['o:tracking', 'no'],
      ]),
      await overSmtp([
        ['X-Mailgun-Track', 'no'],
        ['X-Mailgun-Track-Clicks', 'htmlonly'],
      ]),
    ]) {
      expect(outcome(taken as Taken)).toMatchObject(expected);
    }
  });

  it('a delivery window begins when the message is due', async () => {
    const pairs: Pair[] = [
      ['o:deliverytime', String(NOW / SECOND + 3600)],
      ['o:deliver-within', '30m'],
    ];
    expect(outcome((await overHttp(pairs)) as Taken)).toMatchObject({ due: [HOUR], givenUpAfter: 90 * MINUTE });
  });

  it('a schedule is in the accepted event', async () => {
    const { put } = (await overHttp([['o:deliverytime', String(NOW / SECOND + 3600)]])) as Taken;
    expect(JSON.parse(put.events[0]?.body ?? '')).toMatchObject({ event: 'accepted', message: { 'scheduled-for': NOW / SECOND + 3600 } });
  });

  it('too many tags are refused, as many as the operator allows are not', async () => {
    const tags = (count: number, name: string) => Array.from({ length: count }, (_item, index): Pair => [name, `tag${index}`]);
    expect(await overHttp(tags(4, 'o:tag'))).toMatchObject({ httpStatus: 400, publicText: 'Too many tags (o:tag), max is 3' });
    expect(await overSmtp(tags(4, 'X-Mailgun-Tag'))).toMatchObject({
      smtpCode: 550,
      publicText: 'Too many tags (X-Mailgun-Tag), max is 3',
    });
    const generous = makeTestIntake({ limits: { tagsPerMessage: 10, privateUrls: false } });
    expect(
      await generous.take(
        tags(10, 'X-Mailgun-Tag')
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('') + MAIL,
      ),
    ).not.toBeInstanceOf(Refusal);
  });

  it('are known in any case', async () => {
    const expected = options({ requireTls: true });
    for (const taken of [await overHttp([['o:Require-TLS', 'yes']]), await overSmtp([['x-mailgun-require-tls', 'yes']])]) {
      expect(outcome(taken as Taken)).toMatchObject(expected);
    }
  });

  it('unknown names are refused by name', async () => {
    expect(await overHttp([['o:colour', 'red']])).toMatchObject({ httpStatus: 400, publicText: "'o:colour' is not a send option" });
    expect(await overSmtp([['X-Mailgun-Colour', 'red']])).toMatchObject({
      smtpCode: 550,
      publicText: "'X-Mailgun-Colour' is not a send option",
    });
  });

  it('are limited to 16 kB, without the variables of recipients', async () => {
    const large = JSON.stringify({ big: 'x'.repeat(16 * 1024) });
    expect(await overHttp([['v:big', large]])).toMatchObject({ httpStatus: 400, publicText: expect.stringContaining('16 kB') });
    expect(await overSmtp([['X-Mailgun-Variables', large]])).toMatchObject({ smtpCode: 550, publicText: expect.stringContaining('16 kB') });
  });

  it('of a message that Mailgun has sent before are left to those who read them', async () => {
    const taken = (await overSmtp([
      ['X-Mailgun-Sid', 'WyI1'],
      ['X-Mailgun-Sending-Ip', '198.51.100.4'],
      ['X-Mailgun-Tag', 'theirs'],
    ])) as Taken;
    expect(outcome(taken)).toEqual({ ...USUAL, shown: ['X-Mailgun-Sid', 'X-Mailgun-Sending-Ip', 'X-Mailgun-Tag'] });
  });

  it('and what is suppressed beside it is not shown of it', async () => {
    const sent = `X-Mailgun-Sid: WyI1\r\nX-Mailgun-Tag: theirs\r\nX-Other: 1\r\n${MAIL}`;
    const shown = async (suppressHeaders: 'all' | string[]) =>
      outcome((await take(sent, { method: 'http', protocol: 'HTTP', options: { suppressHeaders } })) as Taken).shown;
    expect(await shown(['x-mailgun-tag'])).toEqual(['X-Mailgun-Sid']);
    expect(await shown('all')).toEqual([]);
  });

  it('variables are shown as JSON in ASCII that a line can be folded in', async () => {
    const { head } = (await overHttp([
      ['v:name', 'Größe 👍'],
      ['v:long', 'w'.repeat(2000)],
    ])) as Taken;
    const field = /^X-Mailgun-Variables: ((?:.*\r\n[ \t])*.*)\r\n/m.exec(head)?.[1] ?? '';
    expect(field).toMatch(/^[\x20-\x7e\r\n]+$/);
    expect(Math.max(...field.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(JSON.parse(field.replace(/\r\n/g, '')).name).toBe('Größe 👍');
  });

  it('never start another header field', async () => {
    const { head } = (await overHttp([
      ['v:x', 'a\r\nBcc: victim@dst.example'],
      ['o:archive-to', 'https://a.example/'],
    ])) as Taken;
    expect(head).not.toMatch(/^Bcc/im);
    expect(await overHttp([['o:tag', 'a\r\nBcc: victim@dst.example']])).toBeInstanceOf(Refusal);
  });
});
