/**
 * Every exported codec of `mail/` takes time that grows with its input and not with the square of it, whatever a stranger writes: measured while
 * hostile inputs double up to the limits. A new export without an entry here fails.
 */
import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Refusal } from '#core';
import * as mail from '#mail';
import { type Family, LINEAR, measureGrowth, steepFamilies } from '../../support/growth.js';

const KIB = 1024;

/** A text of about `size` characters. */
type TextFamily = Family<string>;

const many = (pump: string, before = '', after = 'x!'): TextFamily => [
  JSON.stringify(`${before}${pump.slice(0, 20)}…${after}`),
  (size) => before + pump.repeat(2 * Math.max(1, Math.floor(size / pump.length / 2))) + after,
];

const WORDS: TextFamily[] = [
  ...[
    ' ',
    '\t',
    '<',
    '&',
    '"',
    '=?',
    ',',
    '\\',
    '(',
    '()',
    '%',
    'é',
    '\u{1f600}',
    '=?utf-8?q?a?= ',
    '=?utf-8?b?w6k=?=',
    '%recipient.a%',
    '%recipient.a',
  ].map((pump) => many(pump)),
  ...['"a" <a@b.example>, ', 'a@b.example,', 'a:b@c.example;', ' <', 'mergewordx'].map((pump) => many(pump)),
  ...['; a*0=b', ";a*=utf-8''%41", '; charset="', ' \u00e9'].map((pump) => many(pump, 'text/plain')),
  many(' ', 'é', '<x>'),
  many('é', '"', '" <a@b.example>'),
];

const LINES: TextFamily[] = [
  '\n',
  '\r',
  '> ',
  '-- \n',
  ' \n',
  'é\n',
  '=20',
  '= ',
  '.\r\n',
  'On 1\n',
  '-----Original Message----- x\n',
  'a%recipient.a%b\n',
].map((pump) => many(pump));

const HTML: TextFamily[] = [
  ...[
    '<b>',
    '</i>',
    '<p>',
    '<a href="http://x.example/">',
    '<a href=',
    '<a b=c ',
    '<!--',
    '<script>',
    '<div><svg></div>',
    '<table><tr><td>',
    '<ul><li>',
    '&#',
    '&amp;',
  ].map((pump) => many(pump)),
  ...['<blockquote type=cite>', '<div class="gmail_quote">', '<constructor>', '</'].map((pump) => many(pump)),
  ['unclosed, then stray', (size) => '<b>'.repeat(size / 6) + '</i>'.repeat(size / 8)],
  ['one long class', (size) => `<a class="${' a'.repeat(size / 2)}">`],
];

const TEXTS = [...WORDS, ...LINES, ...HTML];

/** A head and a body. */
interface Message {
  head: Buffer;
  body: Buffer;
}
type MessageFamily = Family<Message>;

const headed = (head: string, [name, make]: TextFamily): MessageFamily => [
  `${head.split('\r\n')[0]} ${name}`,
  (size) => ({
    head: Buffer.from(`MIME-Version: 1.0\r\nFrom: a@b.example\r\nSubject: s\r\n${head}`),
    body: Buffer.from(`${make(size).replace(/\r?\n|\r/g, '\r\n')}\r\n`),
  }),
];

const MULTIPART = 'Content-Type: multipart/mixed; boundary=x\r\n';
const HTML_PART = 'Content-Type: text/html; charset=utf-8\r\n';

const nested = (size: number): string => {
  const depth = Math.floor(size / 60);
  let text = '';
  for (let level = 0; level < depth; level++) text += `--b${level}\r\nContent-Type: multipart/mixed; boundary=b${level + 1}\r\n\r\n`;
  return text;
};

const MESSAGES: MessageFamily[] = [
  ...LINES.map((family) => headed('Content-Type: text/plain; charset=utf-8\r\n', family)),
  ...['=', '= ', 'é'].map((pump) => headed(`${HTML_PART}Content-Transfer-Encoding: quoted-printable\r\n`, many(pump))),
  ...['=', ' ', 'QUJD'].map((pump) => headed(`${HTML_PART}Content-Transfer-Encoding: base64\r\n`, many(pump))),
  ...HTML.slice(0, 6).map((family) => headed(HTML_PART, family)),
  ...['--x\r\n', '--x\r\nA:b\r\n\r\n', '--', '--x', '--x\r\nContent-Type: text/html\r\n\r\n<b>\r\n', '\r\n-'].map((pump) =>
    headed(MULTIPART, many(pump)),
  ),
  ...['A: b\r\n', ' a\r\n'].map((pump) => headed(MULTIPART, many(pump, '--x\r\nA: b\r\n'))),
  ...['; a*0=b', '(', "; filename*0*=utf-8''%41", '=?utf-8?q?a?= '].map((pump) =>
    headed(MULTIPART, many(pump, '--x\r\nContent-Disposition: attachment', '\r\n\r\nabc\r\n--x--')),
  ),
  ...[
    '--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nabc\r\n',
    '--x\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\nc\r\n',
  ].map((pump) => headed(MULTIPART, many(pump))),
  headed('Content-Type: multipart/mixed; boundary=b0\r\n', ['multiparts in each other', nested]),
  headed('Content-Type: message/rfc822\r\n', many('Content-Type: message/rfc822\r\n\r\n')),
];

const HEADS: MessageFamily[] = [
  ...WORDS.map(
    ([name, make]): MessageFamily => [
      `a head of ${name}`,
      (size) => ({ head: headOf(['Content-Type', 'Subject', 'From', 'X-A'], make, size), body: Buffer.from('b\r\n') }),
    ],
  ),
  [
    'a head of many fields',
    (size) => ({ head: Buffer.from('A: b\r\n'.repeat(Math.min(size, 250 * KIB) / 6)), body: Buffer.from('b\r\n') }),
  ],
];

/** Within the 256 kB that a head may have. */
const headOf = (names: string[], make: (size: number) => string, size: number): Buffer => {
  const each = Math.min(size, 250 * KIB) / names.length;
  return Buffer.from(names.map((name) => `${name}: ${make(each).replace(/[\r\n]+/g, ' ')}\r\n`).join(''));
};

function* inPieces(bytes: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 16 * KIB) yield bytes.subarray(at, at + 16 * KIB);
}
async function* streamed(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield* inPieces(bytes);
}
async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _piece of stream);
}

/** A refusal is an answer, too. */
const refusable =
  <T>(run: (input: T) => unknown) =>
  async (input: T) => {
    try {
      await run(input);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof mail.TemplateError)) throw error;
    }
  };

interface Codec<T> {
  most: number;
  families: Family<T>[];
  run: (input: T) => unknown;
}
const codec = <T>(most: number, families: Family<T>[], run: (input: T) => unknown): Codec<never> =>
  ({ most, families, run: refusable(run) }) as unknown as Codec<never>;

const HEAD = 250 * KIB;
/** The square of it takes minutes. With `MAILWAGON_TEST_GROWTH=8` it is tried with the sizes that a message may have. */
const BODY = 512 * KIB * Number(process.env.MAILWAGON_TEST_GROWTH ?? 1);
const value = (text: string) => text.replace(/[\r\n\0]/g, ' ');
const ALL_FIELDS = [
  'Subject',
  'To',
  'From',
  'List-Id',
  'List-Unsubscribe',
  'Content-Type',
  'Content-Disposition',
  'X-Mailgun-Variables',
  'References',
];
const recipient = mail.mergeRecipientOf({
  recipient: 'a@b.example' as never,
  recipientName: 'A B',
  recipientVariables: { a: ' ', b: { c: 'x' } },
});
const lookup = mail.makeLookup(recipient);
const key = createPrivateKey((await mail.generateDkimKey('ed25519')).privateKey);

async function merge({ head, body }: Message): Promise<void> {
  const plan = await mail.planMerge(mail.parseHead(head), inPieces(body));
  mail.renderMerge(plan, recipient).body(body);
}
async function mergeTemplate(source: string, templateVariables: Record<string, unknown>): Promise<void> {
  const head = mail.parseHead(Buffer.from('Content-Type: text/plain; charset=utf-8\r\n'));
  const plan = await mail.planBatch(head, [Buffer.from(source)], { templateVariables, textFromHtml: true });
  mail.renderMerge(plan, recipient);
}

async function measure({ head, body }: Message): Promise<void> {
  const { size } = await mail.planMerge(mail.parseHead(head), inPieces(body));
  mail.checkMergeSize(size, recipient);
}
const BATCH: MessageFamily[] = [
  ...[...LINES, ...WORDS, many('%recipient.a%\r\n'), many('é%recipient.b%')].map((family) =>
    headed('Content-Type: text/plain\r\n', family),
  ),
  ...WORDS.map(
    ([name, make]): MessageFamily => [
      `fields of ${name}`,
      (size) => ({
        head: Buffer.from(
          ALL_FIELDS.map(
            (field) => `${field}: %recipient.a% ${make(Math.min(size, HEAD) / ALL_FIELDS.length).replace(/[\r\n]+/g, ' ')}\r\n`,
          ).join(''),
        ),
        body: Buffer.from('b\r\n'),
      }),
    ],
  ),
  headed(MULTIPART, many('--x\r\n\r\n%recipient.a%\r\n')),
  ['many fields', (size) => ({ head: Buffer.from('A: %recipient.a%\r\n'.repeat(Math.min(size, HEAD) / 18)), body: Buffer.from('b\r\n') })],
];

const TEMPLATES: TextFamily[] = [
  ...TEXTS,
  ...[
    '{{a}}',
    '{{#if a}}x{{/if}}',
    '{{#if a}}',
    '{{else}}',
    '{{/if}}',
    '{{!',
    '{{!--',
    '{{{a',
    '{{a.',
    '\\{{',
    '{{"',
    '{{[',
    '{{a b=c}}',
    '{{#each a}}',
    '{{ ',
    '{{a\n',
  ].map((pump) => many(pump)),
  ...['a ', 'a.', '../', '"x" ', 'a=b ', '[a] '].map((pump) => many(pump, '{{#if ')),
];
const PARTS: mail.MessageParts = {
  from: 'a@b.example',
  to: ['c@d.example'],
  cc: [],
  subject: 's',
  text: 't',
  headers: [],
  attachments: [],
  messageId: 'a@b',
  date: new Date(0),
};
const build = (parts: Partial<mail.MessageParts>) => mail.buildMessage({ ...PARTS, ...parts });
const file = (filename: string, contentType = 'text/plain') => ({ filename, contentType, content: Buffer.from('x'), inline: true });

/** By export; a text says why one takes nothing of a stranger's. */
const CODECS: Record<string, Codec<never>[] | string> = {
  formatMailbox: [codec(HEAD, WORDS, (name: string) => mail.formatMailbox({ name, address: 'a@b.example' }))],
  readAddressList: [codec(HEAD, WORDS, mail.readAddressList)],
  domainsNamedIn: [codec(HEAD, WORDS, mail.domainsNamedIn)],
  attachmentType: [codec(HEAD, WORDS, (text: string) => mail.attachmentType(text, text))],
  compileAuthors: [
    codec(HEAD, WORDS, (text: string) =>
      mail.compileAuthors(mail.parseHead(Buffer.from(`From: %recipient.a% ${value(text)}\r\n`)), new Map())?.(recipient),
    ),
  ],
  isAuthorField: 'looks at a name',
  SealedContent: 'is an error',
  readHead: [codec(HEAD, HEADS, ({ head, body }: Message) => mail.readHead([Buffer.concat([head, Buffer.from('\r\n'), body])]))],
  parseAddressList: [codec(HEAD, WORDS, mail.parseAddressList)],
  bodyHashOf: [codec(BODY, MESSAGES, ({ body }: Message) => mail.bodyHashOf(inPieces(body)))],
  makeBodyScan: [
    codec(BODY, MESSAGES, ({ body }: Message) => {
      const scan = mail.makeBodyScan();
      scan.update(body);
      return scan.finish();
    }),
  ],
  scanBody: [codec(BODY, MESSAGES, ({ body }: Message) => mail.scanBody(inPieces(body)))],
  buildMessage: [
    codec(BODY, [...LINES, ...WORDS], (text: string) => build({ text, html: text })),
    codec(HEAD, WORDS, (text: string) => build({ subject: text })),
    codec(HEAD, WORDS, (text: string) => build({ to: [text] })),
    codec(HEAD, WORDS, (text: string) => build({ messageId: text })),
    codec(HEAD, WORDS, (text: string) => build({ attachments: [file(text)] })),
    codec(HEAD, WORDS, (text: string) => build({ attachments: [file('a', text)] })),
    codec(20_000, [['many fields', (size) => size]], (size: number) =>
      build({ headers: Array.from({ length: size }, (_, index) => ({ name: `X-${index}`, value: 'v' })) }),
    ),
    codec(20_000, [['many addresses', (size) => size]], (size: number) =>
      build({ to: Array.from({ length: size }, (_, index) => `a${index}@b.example`) }),
    ),
  ],
  dkimRecordValue: 'writes a key of our own',
  generateDkimKey: 'reads nothing',
  publicKeyOfRecord: [codec(64 * KIB, WORDS, mail.publicKeyOfRecord)],
  readDkimKey: [codec(64 * KIB, TEXTS, mail.readDkimKey)],
  decodeHeaderText: [codec(HEAD, TEXTS, mail.decodeHeaderText)],
  allValues: [codec(HEAD, HEADS, ({ head }: Message) => mail.allValues(mail.parseHead(head), 'subject'))],
  firstValue: [codec(HEAD, HEADS, ({ head }: Message) => mail.firstValue(mail.parseHead(head), 'subject'))],
  foldLongFields: [codec(HEAD, HEADS, ({ head }: Message) => mail.foldLongFields(mail.parseHead(head)))],
  joinHead: [codec(HEAD, HEADS, ({ head }: Message) => mail.joinHead(mail.parseHead(head)))],
  needsEightBitHead: [codec(HEAD, HEADS, ({ head }: Message) => mail.needsEightBitHead(mail.parseHead(head)))],
  parseHead: [codec(HEAD, HEADS, ({ head }: Message) => mail.parseHead(head).map((field) => field.value))],
  lintMessage: [
    codec(BODY, MESSAGES, ({ head, body }: Message) => mail.lintMessage(mail.parseHead(head), inPieces(body), { isBulk: true })),
  ],
  listAttachments: [codec(BODY, MESSAGES, ({ head, body }: Message) => mail.listAttachments(mail.parseHead(head), inPieces(body)))],
  makeAttachmentLister: [
    codec(BODY, MESSAGES, ({ head, body }: Message) => {
      const lister = mail.makeAttachmentLister(mail.parseHead(head));
      lister.push(body);
      return lister.end();
    }),
  ],
  makeField: ALL_FIELDS.map((name) => codec(HEAD, WORDS, (text: string) => mail.makeField(name, value(text)))),
  checkMergeSize: [codec(BODY, BATCH, measure)],
  mergedMessage: 'puts together what was made',
  planBatch: [
    codec(128 * KIB, TEMPLATES, (source: string) => mergeTemplate(source, {})),
    codec(BODY, TEXTS, (text: string) => mergeTemplate('{{{a}}}', { a: text })),
  ],
  planMerge: [codec(BODY, BATCH, measure)],
  renderMerge: [codec(BODY, BATCH, merge)],
  makeLookup: [codec(64 * KIB, WORDS, (text: string) => mail.makeLookup({ ...recipient, name: text })('recipient_lname'))],
  mergeRecipientOf: 'copies what it is given',
  hasPlaceholder: [codec(BODY, TEXTS, mail.hasPlaceholder)],
  substituteText: [codec(BODY, TEXTS, (text: string) => mail.substituteText(text, lookup))],
  substituteTexts: [
    codec(BODY, TEXTS, (text: string) => mail.substituteTexts({ a: [text], [text.slice(0, 100)]: text }, lookup, { left: 64 * KIB })),
  ],
  templateFields: [
    codec(128 * KIB, TEMPLATES, (source: string) =>
      mail.templateFields([{ name: 'Subject', source }], {}).get('subject')?.(recipient, undefined),
    ),
    codec(BODY, TEXTS, (text: string) =>
      mail.templateFields([{ name: 'Subject', source: '{{a}} %recipient.a%' }], { a: text }).get('subject')?.(recipient, undefined),
    ),
  ],
  makeMessageReader: [
    codec(BODY, MESSAGES, ({ head, body }: Message) => {
      const reader = mail.makeMessageReader({ maxSize: mail.messageLimits.message });
      for (const piece of inPieces(Buffer.concat([head, Buffer.from('\r\n'), body]))) reader.push(piece);
      return reader.end();
    }),
  ],
  mimeText: [
    codec(BODY, MESSAGES, ({ head, body }: Message) => drain(mail.mimeText({ head, openBody: () => streamed(body), mayBeEightBit: true }))),
  ],
  makeMimeWalker: [
    codec(BODY, MESSAGES, ({ head, body }: Message) => {
      const sink = { start() {}, content() {}, finish() {}, delimiter() {}, filler() {} };
      const walker = mail.makeMimeWalker(mail.parseHead(head), sink, { openMessages: true });
      for (const piece of inPieces(body)) walker.push(piece);
      walker.end();
    }),
  ],
  openAttachment: [
    codec(BODY, MESSAGES, async ({ head, body }: Message) => {
      const found = await mail.openAttachment(mail.parseHead(head), streamed(body), 3);
      if (found !== undefined) await drain(found.content);
    }),
  ],
  parseMessage: [codec(BODY, MESSAGES, ({ head, body }: Message) => mail.parseMessage(mail.parseHead(head), streamed(body)))],
  decodeContent: [
    codec(BODY, [...LINES, ...WORDS.slice(0, 6)], (text: string) => mail.decodeContent('quoted-printable', Buffer.from(text))),
    codec(BODY, [...LINES, ...WORDS.slice(0, 6)], (text: string) => mail.decodeContent('base64', Buffer.from(text))),
  ],
  reencodeFor7Bit: [
    codec(BODY, MESSAGES, async ({ head, body }: Message) => {
      const { body: made } = await mail.reencodeFor7Bit(mail.parseHead(head), inPieces(body), { eightBit: true, longLines: true });
      await drain(made);
    }),
  ],
  replaceTexts: [
    codec(BODY, MESSAGES, async ({ head, body }: Message) => {
      const { message } = await mail.replaceTexts(mail.parseHead(head), () => streamed(body), { html: '<b>x</b>', text: 'x' });
      if (!(message.body instanceof Uint8Array)) await drain(message.body);
    }),
    codec(BODY, TEXTS, (html: string) =>
      mail.replaceTexts(mail.parseHead(Buffer.from('A: b\r\n')), () => streamed(Buffer.from('x\r\n')), { html, text: html }),
    ),
  ],
  signDkim: [
    codec(HEAD, HEADS, ({ head }: Message) =>
      mail.signDkim({ head, bodyHash: 'x', domain: 'b.example', selector: 's', privateKey: key, at: 1 }),
    ),
    codec(HEAD, [['one name', (size) => 'Reply-To: a@b.example\r\n'.repeat(size / 23)]], (text: string) =>
      mail.signDkim({ head: Buffer.from(text), bodyHash: 'x', domain: 'b.example', selector: 's', privateKey: key, at: 1 }),
    ),
  ],
  stripQuotedHtml: [codec(BODY, TEXTS, mail.stripQuotedHtml)],
  stripQuotes: [codec(BODY, TEXTS, mail.stripQuotes)],
  compileTemplate: [
    codec(128 * KIB, TEMPLATES, (source: string) => mail.compileTemplate(source).render({ a: 'x' })),
    codec(BODY, TEXTS, (text: string) => mail.compileTemplate('{{a}}{{#if a}}{{{a}}}{{/if}}').render({ a: text })),
  ],
  TemplateError: 'is an error',
  textOfHtml: [codec(BODY, TEXTS, mail.textOfHtml)],
};

const exported = Object.entries(mail).flatMap(([name, given]) => (typeof given === 'function' ? [name] : []));

test('every codec of the face is measured', () => {
  expect(exported.filter((name) => CODECS[name] === undefined)).toEqual([]);
  expect(Object.keys(CODECS).filter((name) => !exported.includes(name))).toEqual([]);
});

describe('the measure tells what is steep from a line', () => {
  const steps = (count: number) => {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += (at * 7) & 3;
    return sum;
  };
  const growthOf = (count: (size: number) => number, most: number) =>
    measureGrowth({ make: (size) => size, run: (size: number) => steps(count(size)), most });

  test.each<[string, (size: number) => number]>([
    ['n²', (size) => size ** 2 / 160],
    ['n^1.75', (size) => size ** 1.75 / 8],
  ])('%s is steep', async (_name, count) => {
    expect((await growthOf(count, 128 * KIB)).ratio).toBeGreaterThan(LINEAR);
  });

  test.each<[string, (size: number) => number]>([
    ['n', (size) => 1000 * size],
    ['n log n', (size) => 60 * size * Math.log2(size)],
  ])('%s is not', async (_name, count) => {
    const { ratio } = await growthOf(count, 128 * KIB);
    expect(ratio).toBeLessThanOrEqual(LINEAR);
    expect(ratio).toBeGreaterThan(1);
  });

  test('nor is a line on a machine that is busy now and then', async () => {
    let runs = 0;
    const { ratio } = await measureGrowth({
      make: (size) => size,
      run: (size: number) => steps((runs++ % 3 ? 750 : 1500) * size),
      most: 128 * KIB,
    });
    expect(ratio).toBeLessThanOrEqual(LINEAR);
  });
});

describe('time grows with the input:', () => {
  const measured = Object.entries(CODECS).flatMap(([name, codecs]) => (typeof codecs === 'string' ? [] : [{ name, codecs }]));
  test.each(measured)('$name', { timeout: 120_000 }, async ({ codecs }) => {
    const steep: string[] = [];
    for (const { families, run, most } of codecs) steep.push(...(await steepFamilies(families, most, run)));
    expect(steep).toEqual([]);
  });
});
