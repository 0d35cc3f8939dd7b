/** Messages to compose, each with what somebody who reads it must find; for readers that others wrote. */
import { Readable } from 'node:stream';
import type { AttachedPart, MessageParts } from '#mail';

export interface ComposedSample {
  name: string;
  parts: Partial<MessageParts>;
  /** Display names and addresses as a reader shows them, where the sample is about them. */
  from?: [string, string][];
  to?: [string, string][];
  cc?: [string, string][];
  /** Header texts by lower-case name. */
  headers?: Record<string, string>;
  /** What stands in the bytes, or does not. */
  wire?: RegExp;
  notWire?: RegExp;
}

export const BASIC: MessageParts = {
  from: 'Bob <bob@x.com>',
  to: ['ann@y.com'],
  cc: [],
  subject: 'Hello',
  text: 'hi\n',
  headers: [],
  attachments: [],
  messageId: '20260304101530.1f2e@x.com',
  date: new Date(1_772_619_330_000),
};

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const file = (filename: string, content: Uint8Array | string = 'content', contentType = 'application/x-test'): AttachedPart => ({
  filename,
  contentType,
  content: typeof content === 'string' ? Buffer.from(content) : content,
  inline: false,
});
const picture = (filename: string): AttachedPart => ({ filename, contentType: 'image/png', content: PNG, inline: true });
const header = (name: string, value: string) => [{ name, value }];
const CYRILLIC = 'Съешь же ещё этих мягких французских булок, да выпей чаю.\n';

const texts: ComposedSample[] = [
  { name: 'plain text', parts: {}, wire: /Content-Transfer-Encoding: 7bit\r\n\r\nhi\r\n$/ },
  { name: 'an empty text', parts: { text: '' } },
  { name: 'Unix, Mac and DOS line ends', parts: { text: 'a\nb\rc\r\nd\n\n\re' }, wire: /\r\n\r\na\r\nb\r\nc\r\nd\r\n\r\n\r\ne\r\n$/ },
  { name: 'lines of 900', parts: { text: `${'x'.repeat(900)}\n`.repeat(3) }, wire: /: 7bit/ },
  { name: 'lines of 901', parts: { text: `${'x'.repeat(901)}\n` }, wire: /: quoted-printable/, notWire: /^.{77}/m },
  { name: 'one long line of words', parts: { text: 'word '.repeat(2000) }, wire: /: quoted-printable/, notWire: /^.{77}/m },
  { name: 'umlauts', parts: { text: 'Grüße aus Köln, schöne Füße überall\n' }, wire: /: quoted-printable/ },
  { name: 'Cyrillic', parts: { text: CYRILLIC }, wire: /: base64/ },
  { name: 'Japanese', parts: { text: '日本語のメール本文です。\n'.repeat(40) }, wire: /: base64/ },
  { name: 'Arabic and emoji', parts: { text: 'مرحبا 👋🏽 \u{1f468}\u200d\u{1f469}\u200d\u{1f467}\n', html: '<p>مرحبا 👋🏽</p>' } },
  { name: 'a lone surrogate', parts: { text: 'a\ud800b\n', subject: 'a\ud800b', html: '<p>\udfff</p>' } },
  { name: 'control characters', parts: { text: 'bell \x07 escape \x1b[31m del \x7f\n' }, wire: /: quoted-printable/ },
  { name: 'white space at line ends', parts: { text: `trailing   \t\n -- \nü \t\n${'x'.repeat(74)} \n` } },
  { name: 'lines that look like delimiters and dots', parts: { text: '--\n--boundary\n.\n..\nFrom me\nü\n', html: '<p>x</p>' } },
  { name: 'equals signs and escapes', parts: { text: `=3D=\n=\n=?utf-8?Q?x?=\nä${'='.repeat(200)}\n` } },
  { name: 'HTML alone', parts: { text: undefined, html: '<h1>Ärger</h1>\n' } as Partial<MessageParts> },
  { name: 'text and HTML', parts: { html: '<b>hi</b>' }, wire: /multipart\/alternative/ },
  { name: 'text, AMP and HTML', parts: { amp: '<!doctype html><html ⚡4email></html>', html: '<b>hi</b>' } },
];

const attachments: ComposedSample[] = [
  { name: 'a file', parts: { attachments: [file('report.pdf', PNG, 'application/pdf')] } },
  {
    name: 'files of every kind of name',
    parts: {
      attachments: ['a b.txt', 'ä.txt', '文書.docx', 'x;y="z".txt', 'a\\b', '%41.txt', "o'k.txt", 'émoji 😀.png', 'x'.repeat(200)].map(
        (name) => file(name),
      ),
    },
  },
  { name: 'a name of 255 characters beyond ASCII', parts: { attachments: [file(`${'ö'.repeat(250)}.txt`)] } },
  { name: 'no name', parts: { attachments: [file('')] } },
  { name: 'an empty file', parts: { attachments: [file('empty.bin', '')] } },
  {
    name: 'every byte',
    parts: {
      attachments: [
        file(
          'bytes.bin',
          Uint8Array.from({ length: 4096 }, (_item, index) => index & 255),
        ),
      ],
    },
  },
  {
    name: 'sizes around a line of base64',
    parts: { attachments: [56, 57, 58, 113, 114, 115].map((size) => file(`${size}`, Buffer.alloc(size, 'x'))) },
  },
  {
    name: 'text with parameters',
    parts: { attachments: [file('a.txt', Buffer.from('gr\xfc\xdfe', 'latin1'), 'text/plain; charset=iso-8859-1; x="a;b"')] },
  },
  {
    name: 'a calendar',
    parts: { attachments: [file('invite.ics', 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n', 'text/calendar; method=REQUEST')] },
  },
  { name: 'a stream', parts: { attachments: [{ ...file('s.bin'), content: Readable.from([PNG, PNG, Buffer.alloc(100_000, 'y')]) }] } },
  {
    name: 'inline images',
    parts: { html: '<img src="cid:logo.png"><img src="cid:b.png">', attachments: [picture('logo.png'), picture('b.png'), file('c.txt')] },
    wire: /multipart\/related; type="text\/html"/,
  },
  {
    name: 'an inline image of a name beyond ASCII',
    parts: { html: '<img>', attachments: [picture('größe <1>.png')] },
    wire: /Content-ID: <gr%C3%B6%C3%9Fe %3C1%3E\.png>/,
  },
  { name: 'inline images without HTML', parts: { attachments: [picture('logo.png')] }, notWire: /multipart\/related/ },
  { name: 'everything', parts: { html: '<img src="cid:l.png">', amp: '<html amp4email>', attachments: [picture('l.png'), file('a.pdf')] } },
];

const heads: ComposedSample[] = [
  { name: 'subject beyond ASCII', parts: { subject: 'Grüße aus Köln' } },
  { name: 'long subject', parts: { subject: `Re: ${'sehr länglich '.repeat(30)}Ende` } },
  { name: 'long subject without white space', parts: { subject: '件名'.repeat(200) } },
  { name: 'subject that looks encoded', parts: { subject: 'was =?utf-8?Q? meant' } },
  { name: 'no subject', parts: { subject: undefined } as Partial<MessageParts> },
  {
    name: 'display names',
    parts: { from: '"Doe, Jane" <jane@x.com>', to: ['Jürgen Groß <j@y.com>, "A \\"B\\" C" <abc@y.com>', '日本 <n@y.com>'] },
    from: [['Doe, Jane', 'jane@x.com']],
    to: [
      ['Jürgen Groß', 'j@y.com'],
      ['A "B" C', 'abc@y.com'],
      ['日本', 'n@y.com'],
    ],
  },
  {
    name: 'groups',
    parts: { to: ['Team: a@x.com, "B, b" <b@y.com>;, c@z.com'], cc: ['Other:d@z.com;'] },
    to: [
      ['', 'a@x.com'],
      ['B, b', 'b@y.com'],
      ['', 'c@z.com'],
    ],
    cc: [['', 'd@z.com']],
  },
  {
    name: 'internationalised domains',
    parts: { from: 'Bücher <info@bücher.example>', to: ['x@例え.jp'] },

    wire: /<info@xn--bcher-kva\.example>\r\nTo: x@xn--r8jz45g\.jp\r$/m,
  },
  {
    name: 'quoted local parts',
    parts: { to: ['"john doe"@x.com', 'Plus <a+b@x.com>'] },
    wire: /^To: "john doe"@x\.com, Plus <a\+b@x\.com>\r$/m,
  },
  {
    name: 'several authors and a sender',
    parts: { from: 'A <a@x.com>, B <b@x.com>', headers: header('Sender', 'C <c@x.com>') },
    from: [
      ['A', 'a@x.com'],
      ['B', 'b@x.com'],
    ],
    headers: { sender: 'C <c@x.com>' },
  },
  {
    name: 'a thousand recipients',
    parts: { to: Array.from({ length: 1000 }, (_item, index) => `Person Number ${index} <p${index}@example.com>`) },
    notWire: /^.{999}/m,
  },
  {
    name: 'Reply-To, List-Unsubscribe and others',
    parts: {
      headers: [
        ...header('Reply-To', 'Hilfe <hilfe@x.com>'),
        ...header('List-Unsubscribe', '<https://x.com/u?a=1>, <mailto:u@x.com>'),
        ...header('X-Text', 'Größe'),
        ...header('In-Reply-To', '<a@b>'),
      ],
    },
    headers: { 'x-text': '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=', 'in-reply-to': '<a@b>' },
  },
  { name: 'a local part beyond ASCII', parts: { to: ['Jürgen <jürgen@example.com>'] }, wire: /<jürgen@example\.com>/ },
];

export const COMPOSED_SAMPLES: readonly ComposedSample[] = [...texts, ...attachments, ...heads];
