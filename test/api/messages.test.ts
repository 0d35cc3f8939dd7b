/** Sending: what intake is handed, what is refused and how it is said. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal, StoreError } from '#core';
import { type Harness, KEYS, multipart, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const SEND = '/v3/example.com/messages';
const MIME = '/v3/example.com/messages.mime';
const LEAST = { from: 'Shop <shop@example.com>', to: 'alice@example.org', text: 'Hello' };

const refusalOf = async (form: Record<string, string> | [string, string][], path = SEND) => {
  const answer = await api.call('POST', path, { form });
  expect(api.intake.accepted).toEqual([]);
  return [answer.status, answer.json.message];
};

describe('parts', () => {
  it('sends the least there is', async () => {
    const answer = await api.call('POST', SEND, { key: KEYS.sending, form: LEAST });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ id: expect.stringMatching(/^<\d{14}\.[0-9a-f]{16}@example\.com>$/), message: 'Queued. Thank you.' });
    const [sent] = api.intake.accepted;
    expect(sent).toMatchObject({
      ...{ account: 1, method: 'http', protocol: 'HTTP', isAuthenticated: true, remoteAddress: '127.0.0.1' },
      ...{ sender: 'shop@example.com', recipients: ['alice@example.org'], options: {}, tags: [], userVariables: {}, attachments: [] },
    });
    expect(sent?.domain.name).toBe('example.com');
    expect(sent?.apiKeyId).toBe(api.directory.keys && (await api.directory.keys.verify(KEYS.sending))?.id);
    expect(`<${sent?.messageId}>`).toBe(answer.json.id);
    expect(sent?.raw).toMatch(/^From: Shop <shop@example\.com>\r$/m);
    expect(sent?.raw).toMatch(/\r\n\r\nHello/);
  });

  it('keeps bcc out of the message and all three in the envelope', async () => {
    const form: [string, string][] = [
      ...Object.entries(LEAST),
      ['to', '"Doe, Jane" <jane@example.org>, bob@example.org'],
      ['cc', 'carol@example.org'],
      ['bcc', 'secret@example.org'],
    ];
    expect((await api.call('POST', SEND, { form })).status).toBe(200);
    const [sent] = api.intake.accepted;
    expect(sent?.recipients).toEqual([
      'alice@example.org',
      'jane@example.org',
      'bob@example.org',
      'carol@example.org',
      'secret@example.org',
    ]);
    expect(sent?.raw).toContain('jane@example.org');
    expect(sent?.raw).not.toMatch(/secret@|^bcc/im);
  });

  it('reads options, tags, variables and headers', async () => {
    const form: [string, string][] = [
      ...Object.entries(LEAST),
      ...Object.entries({
        'o:dkim': 'no',
        'o:testmode': 'True',
        'o:require-tls': '1',
        'o:skip-verification': 'yes',
        'o:tracking': 'no',
        'v:order': '1001',
      }),
      ['o:tag', 'newsletter'],
      ['o:tag', 'march'],
      ['v:json', '{"a":1}'],
      ['h:X-Mailgun-Variables', '{"deep":{"x":[1]},"order":"overruled"}'],
      ['h:Reply-To', 'Hilfe <help@example.com>'],
      ['h:Message-Id', '<my-own-id@example.com>'],
      ['h:Return-Path', '<bounces@example.com>'],
    ];
    const answer = await api.call('POST', SEND, { form });
    expect(answer.json).toEqual({ id: '<my-own-id@example.com>', message: 'Queued. Thank you.' });
    const [sent] = api.intake.accepted;
    expect(sent?.options).toEqual({ dkim: false, testMode: true, requireTls: true, skipVerification: true, tracking: 'no' });
    expect(sent?.tags).toEqual(['newsletter', 'march']);
    expect(sent?.userVariables).toEqual({ order: '1001', json: '{"a":1}', deep: { x: [1] } });
    expect(sent?.raw).toMatch(/^Reply-To: Hilfe <help@example\.com>\r$/m);
    expect(sent?.raw).not.toMatch(/return-path|x-mailgun/i);
  });

  it('attaches files, small and large, and shows inline ones by name', async () => {
    const large = Buffer.alloc(700_000, 'x');
    const { body, headers } = multipart([
      ...Object.entries(LEAST).map(([name, value]) => ({ name, value })),
      { name: 'html', value: '<img src="cid:logo.png">' },
      { name: 'attachment', value: 'a,b', filename: 'Größe.csv', type: 'text/csv' },
      { name: 'attachment', value: large, filename: 'large.bin', type: 'application/octet-stream' },
      { name: 'inline', value: 'png', filename: 'logo.png', type: 'image/png' },
      { name: 'attachment', value: '', filename: '', type: 'application/octet-stream' },
    ]);
    expect((await api.call('POST', SEND, { body, headers })).status).toBe(200);
    const [sent] = api.intake.accepted;
    expect(sent?.attachments).toEqual([
      { filename: 'logo.png', contentType: 'image/png', size: 3 },
      { filename: 'Größe.csv', contentType: 'text/csv', size: 3 },
      { filename: 'large.bin', contentType: 'application/octet-stream', size: 700_000 },
    ]);
    expect(sent?.raw).toContain('Content-ID: <logo.png>');
    expect(sent?.raw.replace(/\r\n/g, '')).toContain(large.toString('base64').slice(0, 5000));
    expect(await api.leftovers()).toEqual([]);
  });
});

describe('addresses', () => {
  const send = async (form: [string, string][]) => {
    const answer = await api.call('POST', SEND, { form: [['text', 'Hello'], ...form] });
    expect(answer).toMatchObject({ status: 200 });
    return api.intake.accepted.at(-1);
  };

  it.each<[string, string[], string[], RegExp]>([
    ['repeated', ['a@x.org', 'b@x.org'], ['a@x.org', 'b@x.org'], /^To: a@x\.org, b@x\.org\r$/m],
    [
      'comma-separated',
      ['a@x.org,b@x.org ,  C <c@x.org>,'],
      ['a@x.org', 'b@x.org', 'c@x.org'],
      /^To: a@x\.org, b@x\.org, C <c@x\.org>\r$/m,
    ],
    ['quoted names', ['"Doe, \\"J\\" (x)" <j@x.org>'], ['j@x.org'], /^To: "Doe, \\"J\\" \(x\)" <j@x\.org>\r$/m],
    ['names with an unquoted comma', ['Doe, Jane <j@x.org>'], ['j@x.org'], /^To: "Doe, Jane" <j@x\.org>\r$/m],
    ['comments', ['a@x.org (Ann)'], ['a@x.org'], /^To: Ann <a@x\.org>\r$/m],
    [
      'groups',
      ['Team: a@x.org, "B, b" <b@x.org>;', 'c@x.org'],
      ['a@x.org', 'b@x.org', 'c@x.org'],
      /^To: a@x\.org, "B, b" <b@x\.org>, c@x\.org\r$/m,
    ],
    ['names beyond ASCII', ['Jürgen <j@x.org>'], ['j@x.org'], /^To: =\?UTF-8\?Q\?J=C3=BCrgen\?= <j@x\.org>\r$/m],
    ['internationalised domains', ['x@BÜCHER.example'], ['x@xn--bcher-kva.example'], /^To: x@xn--bcher-kva\.example\r$/m],
    ['local parts beyond ASCII', ['jürgen@x.org'], ['jürgen@x.org'], /^To: j\u00c3\u00bcrgen@x\.org\r$/m],
    ['quoted local parts', ['"john doe"@x.org'], ['"john doe"@x.org'], /^To: "john doe"@x\.org\r$/m],
    ['upper case', ['Ann@X.ORG'], ['Ann@x.org'], /^To: Ann@x\.org\r$/m],
  ])('%s', async (_name, to, recipients, field) => {
    const sent = await send([['from', 'shop@example.com'], ...to.map((value): [string, string] => ['to', value])]);
    expect(sent?.recipients).toEqual(recipients);
    expect(sent?.raw).toMatch(field);
  });

  it('authors at internationalised domains', async () => {
    const sent = await send([
      ['from', 'Jörg <joerg@Bücher.example>'],
      ['to', 'a@x.org'],
    ]);
    expect(sent?.sender).toBe('joerg@xn--bcher-kva.example');
    expect(sent?.raw).toMatch(/^From: =\?UTF-8\?Q\?J=C3=B6rg\?= <joerg@xn--bcher-kva\.example>\r$/m);
  });

  it('a thousand, repeated or not, in one field or in a field each', async () => {
    const thousand = Array.from({ length: 1000 }, (_item, index) => `u${index}@x.org`);
    const asOne = await send([
      ['from', 'shop@example.com'],
      ['to', [...thousand, ...thousand.slice(0, 500)].join(', ')],
      ['cc', 'u7@X.org'],
    ]);
    expect(asOne?.recipients).toEqual(thousand);
    const apart = await send([['from', 'shop@example.com'], ...[...thousand, 'u1@x.org'].map((to): [string, string] => ['to', to])]);
    expect(apart?.recipients).toEqual(thousand);
  });

  it.each(['from', 'to', 'cc', 'bcc'])('bad ones of %s are refused by its name', async (field) => {
    const rest: [string, string][] = Object.entries(LEAST).filter(([name]) => name !== field);
    for (const bad of [
      'nobody',
      '@x.org',
      'a@',
      'a@x.org b@x.org',
      'a@x.org, nobody',
      '<a@x.org',
      'a@[127.0.0.1]',
      'empty:;',
      'a@x.org\r\nBcc: v@x.org',
    ]) {
      const text = `${field} parameter is not a valid address. please check documentation`;
      expect([bad, ...(await refusalOf([...rest, [field, bad]]))]).toEqual([bad, 400, text]);
    }
  });

  it('of several authors the first has sent it, or who h:Sender says', async () => {
    const from: [string, string][] = [
      ['from', 'A <a@example.com>'],
      ['from', 'B <b@example.com>'],
      ['to', 'x@x.org'],
    ];
    const first = await send(from);
    expect(first?.sender).toBe('a@example.com');
    expect(first?.raw).toMatch(/^From: A <a@example\.com>, B <b@example\.com>\r\nSender: A <a@example\.com>\r$/m);
    await send([...from, ['h:Sender', 'Office <o@example.com>']]);
    expect(api.intake.accepted[1]?.sender).toBe('o@example.com');
    expect(api.intake.accepted[1]?.raw.match(/^Sender: .*$/gm)).toEqual(['Sender: Office <o@example.com>']);
  });

  it('writes fields of its own once or as often as they come', async () => {
    const sent = await send([
      ['from', 'shop@example.com'],
      ['to', 'x@x.org'],
      ['h:Reply-To', 'Größe <r@bücher.example>'],
      ['h:List-Unsubscribe', '<https://example.com/u?a=ü>, <mailto:u@example.com>'],
      ['h:X-Trace', 'one'],
      ['h:X-Trace', 'two'],
      ['h:Reply-To', 'last@example.com'],
    ]);
    expect(sent?.raw.match(/^(?:reply-to|list-unsubscribe|x-trace): .*(?=\r$)/gim)).toEqual([
      'Reply-To: last@example.com',
      'List-Unsubscribe: <https://example.com/u?a=%C3%BC>, <mailto:u@example.com>',
      'X-Trace: one',
      'X-Trace: two',
    ]);
  });
});

describe('what is refused', () => {
  const without = (name: keyof typeof LEAST) => Object.fromEntries(Object.entries(LEAST).filter(([key]) => key !== name));
  const many = (count: number, name = 'u') => Array.from({ length: count }, (_item, index) => `${name}${index}@example.org`).join(', ');

  it.each([
    ['from parameter is missing', without('from')],
    ['to parameter is missing', without('to')],
    ['to parameter is missing', { ...LEAST, to: '' }],
    ["Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified", without('text')],
    ['to parameter is not a valid address. please check documentation', { ...LEAST, to: 'alice' }],
    ['to parameter is not a valid address. please check documentation', { ...LEAST, to: '<a@b.example>,<c d>' }],
    ['from parameter is not a valid address. please check documentation', { ...LEAST, from: 'shop@' }],
    ['cc parameter is not a valid address. please check documentation', { ...LEAST, cc: ',' }],
    ['bcc parameter is not a valid address. please check documentation', { ...LEAST, bcc: 'x@y@z' }],
    ['Too many recipients, max is 1000', { ...LEAST, to: many(999), cc: many(1, 'c'), bcc: many(1, 'b') }],
    ['Too many recipients, max is 1000', { ...LEAST, to: `${many(10)}${', u1@example.org'.repeat(9_991)}` }],
    ['Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total', { ...LEAST, 'v:big': 'x'.repeat(16 * 1024) }],
    ["'o:unheard-of' is not a send option", { ...LEAST, 'o:unheard-of': 'x' }],
    ["Only one parameters 'html' or 'template' is allowed", { ...LEAST, template: 'welcome', html: 'x' }],
    ["'t:extra' is not a template option", { ...LEAST, template: 'welcome', 't:extra': 'x' }],
    ["'t:variables' is not a valid JSON", { ...LEAST, template: 'welcome', 't:variables': '{' }],
    ["'t:variables' is not a JSON object", { ...LEAST, template: 'welcome', 't:variables': '[1]' }],
    ["'t:text' parameter must be either 'yes' or 'no'", { ...LEAST, template: 'welcome', 't:text': 'x' }],
    ["'t:variables' needs a template ('template')", { ...LEAST, 't:variables': '{}' }],
    ["'recipient-variables' parameter is not a valid JSON", { ...LEAST, 'recipient-variables': '{' }],
    ["'recipient-variables' parameter is not a valid JSON: it must be an object", { ...LEAST, 'recipient-variables': '[]' }],
    ["'o:dkim' parameter is invalid: expecting yes or no", { ...LEAST, 'o:dkim': 'perhaps' }],
    ["'h:X-Mailgun-Variables' is not a valid JSON", { ...LEAST, 'h:X-Mailgun-Variables': '{' }],
    ['Header name must be pure ASCII: X-Größe', { ...LEAST, 'h:X-Größe': '1' }],
    ["soon is not an RFC-2822 compliant date (value of 'h:Date')", { ...LEAST, 'h:Date': 'soon' }],
    ["'attachment' parameter is not a file", { ...LEAST, attachment: 'text' }],
    ["'v:__proto__' is not a valid name of a variable", { ...LEAST, 'v:__proto__': 'x' }],
  ])('%s', async (message, form) => {
    expect(await refusalOf(form as Record<string, string>)).toEqual([400, message]);
  });

  it('bad tags', async () => {
    const tags = (values: string[]) => [...Object.entries(LEAST), ...values.map((value): [string, string] => ['o:tag', value])];
    expect((await refusalOf(tags(['größe'])))[1]).toMatch(/tag/i);
    expect((await refusalOf(tags(['x'.repeat(129)])))[0]).toBe(400);
  });

  it('an unknown domain, before anything else', async () => {
    expect(await refusalOf({}, '/v3/nowhere.example/messages')).toEqual([404, 'Domain not found: nowhere.example']);
  });

  it('a sending key at another domain, without telling whether that exists', async () => {
    for (const domain of ['second.example', 'nowhere.example']) {
      expect(await api.call('POST', `/v3/${domain}/messages`, { key: KEYS.sending, form: LEAST })).toMatchObject({
        status: 403,
        json: { message: 'Forbidden: this API key is bound to the domain example.com' },
      });
    }
  });

  it('roles that only read', async () => {
    for (const key of [KEYS.analyst, KEYS.support]) expect((await api.call('POST', SEND, { key, form: LEAST })).status).toBe(403);
    expect((await api.call('POST', SEND, { key: KEYS.developer, form: LEAST })).status).toBe(200);
  });

  it('passes on what intake says, and no more', async () => {
    api.intake.pressure = new Refusal({
      smtpCode: 421,
      enhancedCode: '4.3.2',
      httpStatus: 503,
      text: 'Service is overloaded',
      retryAfter: 10,
    });
    // Before the body: one that would be refused is not even read.
    const refused = await api.call('POST', SEND, { headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: 'no multipart' });
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '10' }, json: { message: 'Service is overloaded' } });
    expect((await api.call('GET', '/v3/domains')).status).toBe(200);
    api.intake.pressure = undefined;
    api.intake.failure = new StoreError('full', 'disk is full at /var/lib');
    expect(await api.call('POST', SEND, { form: LEAST })).toMatchObject({ status: 507, json: { message: 'Insufficient system storage' } });
    api.intake.failure = new Refusal({ smtpCode: 552, enhancedCode: '5.3.4', httpStatus: 413, text: 'Message too large' });
    expect(await api.call('POST', SEND, { form: LEAST })).toMatchObject({ status: 413, json: { message: 'Message too large' } });
    api.intake.failure = new TypeError('secret detail');
    expect(await api.call('POST', SEND, { form: LEAST })).toMatchObject({ status: 500, json: { message: 'Internal server error' } });
  });
});

describe('injection', () => {
  const VALUES = [
    'x\r\nBcc: v@x.test',
    'x\nBcc: v@x.test',
    'x\rBcc: v@x.test',
    'x\r\n\r\nbody',
    'x\u2028Bcc: v@x.test',
    'x\u0000',
    `=?utf-8?B?${Buffer.from('evil\r\nX-Injected: yes').toString('base64')}?=`,
  ];
  const FIELDS = ['from', 'to', 'cc', 'subject', 'h:Reply-To', 'h:X-Custom', 'o:tag', 'v:x', 'name:h', 'name:v'];
  const formFor = (field: string, value: string): Record<string, string> => {
    if (field === 'name:h') return { ...LEAST, [`h:X-A${value}`]: 'v' };
    if (field === 'name:v') return { ...LEAST, [`v:${value}`]: 'v' };
    const isAddress = ['from', 'to', 'cc'].includes(field);
    return { ...LEAST, [field]: isAddress ? `${value} <ok@example.org>` : value };
  };

  it.each(FIELDS.flatMap((field) => VALUES.map((value) => [field, value])))('%s: %j', async (field, value) => {
    const answer = await api.call('POST', SEND, { form: formFor(field, value) });
    if (answer.status !== 200) {
      expect(answer.status).toBe(400);
      expect(answer.json.message).not.toMatch(/[\r\n\0]/);
      return;
    }
    const [sent] = api.intake.accepted;
    const head = sent?.raw.split('\r\n\r\n')[0] ?? '';
    expect(head).not.toMatch(/^(bcc|x-injected):/im);
    expect(sent?.raw).not.toMatch(/(^|[^\r])\n|\r(?!\n)|\0/);
    expect(sent?.recipients.every((recipient) => recipient.endsWith('@example.org'))).toBe(true);
  });

  it.each(['a\r\nX-Injected: yes.txt', '../../etc/passwd', "utf-8''a%0D%0AX-Injected%3A%20yes"])(
    'attachment named %j',
    async (filename) => {
      const parts = Object.entries(LEAST).map(([name, value]) => ({ name, value }));
      const { body, headers } = multipart([...parts, { name: 'attachment', value: 'x', filename: 'PLACE', type: 'text/plain' }]);
      const text = body
        .toString('latin1')
        .replace('filename="PLACE"', filename.startsWith('utf-8') ? `filename*=${filename}` : `filename="${filename}"`);
      const answer = await api.call('POST', SEND, { body: Buffer.from(text, 'latin1'), headers });
      if (answer.status !== 200) expect(answer).toMatchObject({ status: 400, json: { message: 'malformed multipart/form-data request' } });
      else {
        expect(api.intake.accepted[0]?.raw).not.toMatch(/^x-injected/im);
        expect(api.intake.accepted[0]?.attachments?.[0]?.filename).not.toMatch(/[/\\\r\n]/);
      }
    },
  );
});

describe('mime', () => {
  const message = 'From: Shop <shop@example.com>\r\nTo: list@example.org\r\nSubject: Hi\r\nMessage-ID: <m1@example.com>\r\n\r\nHello\r\n';

  it.each([
    [
      'a file',
      multipart([
        { name: 'to', value: 'alice@example.org' },
        { name: 'message', value: message, filename: 'message.mime' },
      ]),
    ],
    [
      'a plain field',
      multipart([
        { name: 'to', value: 'alice@example.org' },
        { name: 'message', value: message },
      ]),
    ],
    [
      'a part without a name of its own',
      multipart([
        { name: 'to', value: 'alice@example.org' },
        { name: 'message', value: message, type: 'application/octet-stream' },
      ]),
    ],
  ])('takes the message as %s, untouched', async (_name, { body, headers }) => {
    const answer = await api.call('POST', MIME, { body, headers });
    expect(answer.json).toEqual({ id: '<m1@example.com>', message: 'Queued. Thank you.' });
    expect(api.intake.accepted[0]).toMatchObject({ raw: message, sender: 'shop@example.com', recipients: ['alice@example.org'] });
    expect(api.intake.accepted[0]?.attachments).toBeUndefined();
  });

  it('streams a large message from disk, byte for byte', async () => {
    const large = Buffer.concat([Buffer.from(message), Buffer.alloc(3_000_000, 'ÿ\r\n', 'latin1')]);
    const { body, headers } = multipart([
      { name: 'to', value: 'alice@example.org' },
      { name: 'message', value: large, filename: 'm' },
    ]);
    expect((await api.call('POST', MIME, { body, headers })).status).toBe(200);
    expect(api.intake.accepted[0]?.raw === large.toString('latin1')).toBe(true);
    expect(await api.leftovers()).toEqual([]);
  });

  it('takes 8-bit and bare line ends as they are', async () => {
    const bytes = Buffer.from('From: shop@example.com\nSubject: gr\xfc\xdfe\n\n\xe4\n', 'latin1');
    const { body, headers } = multipart([
      { name: 'to', value: 'alice@example.org' },
      { name: 'message', value: bytes, filename: 'm' },
      { name: 'h:X-Added', value: '1' },
    ]);
    expect((await api.call('POST', MIME, { body, headers })).status).toBe(200);
    expect(api.intake.accepted[0]?.raw).toBe(`X-Added: 1\r\n${bytes.toString('latin1')}`);
  });

  it('adds custom headers and reads options', async () => {
    const form = { to: 'alice@example.org', message, 'h:X-Campaign': 'größe', 'o:tag': 'a', 'v:b': 'c' };
    expect((await api.call('POST', MIME, { form })).status).toBe(200);
    expect(api.intake.accepted[0]).toMatchObject({ tags: ['a'], userVariables: { b: 'c' } });
    expect(api.intake.accepted[0]?.raw).toMatch(/^X-Campaign: =\?UTF-8\?/im);
  });

  it('lets Sender speak for several authors', async () => {
    const form = { to: 'alice@example.org', message: 'Sender: s@example.com\nFrom: a@example.com, b@example.com\n\nx' };
    await api.call('POST', MIME, { form });
    expect(api.intake.accepted[0]?.sender).toBe('s@example.com');
  });

  it.each([
    ['to parameter is missing', { message }],
    ['message parameter is missing', { to: 'alice@example.org' }],
    ['from parameter is missing', { to: 'alice@example.org', message: 'Subject: x\n\ny' }],
    ['from parameter is not a valid address. please check documentation', { to: 'alice@example.org', message: 'From: nobody\n\ny' }],
    [
      "'h:Subject' cannot be given beside 'message', which has a Subject of its own",
      { to: 'alice@example.org', message, 'h:Subject': 'x' },
    ],
  ])('%s', async (text, form) => {
    expect(await refusalOf(form as Record<string, string>, MIME)).toEqual([400, text]);
  });
});

it('takes gzip', async () => {
  const body = gzipSync(new URLSearchParams(LEAST).toString());
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' };
  expect((await api.call('POST', SEND, { body, headers })).status).toBe(200);
});
