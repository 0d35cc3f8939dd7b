/** Hostile text in every field of a message: it is refused by name, or what is composed has the fields and parts that were asked for and no others. */
import { describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { buildMessage, listAttachments, type MessageParts, parseHead } from '#mail';
import { bytesOf, readAll } from '../../unit/mail/support/read-all.js';
import { makeRandom, type Random } from './mutate.js';

const ROUNDS = Number(process.env.FUZZ_MUTATIONS ?? 250) * 4;
const TOKENS = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\r\n\r\n',
    '\r\nBcc: v@evil.test',
    '\nX-Injected: 1',
    '\u2028X-Injected: 1',
    '\u0085X-Injected: 1',
    '\v',
    '\f',
    '\t',
  ],
  ...[
    '"',
    '\\',
    '<',
    '>',
    '(',
    ')',
    ',',
    ';',
    ':',
    '@',
    '=?utf-8?Q?=0D=0AX-Injected:_1?=',
    '=?utf-8?B?DQpYLUluamVjdGVkOiAx?=',
    '%0d%0aX-Injected: 1',
    '?=',
    '=',
  ],
  ...[
    'a',
    'Bob',
    'b@x.com',
    '<c@y.com>',
    ' ',
    '  ',
    'é',
    '日本',
    '😀',
    '\ud800',
    '\u202e',
    '--=_',
    '\r\n--',
    '.',
    '../',
    'x'.repeat(90),
    'ü'.repeat(300),
  ],
  ...['multipart/mixed', 'text/plain; charset="', 'message/rfc822', '; boundary=x', "*0*=utf-8''%0d%0a"],
];

const below = (random: Random, limit: number) => Math.floor(random() * limit);
const hostile = (random: Random, most: number) =>
  Array.from({ length: 1 + below(random, most) }, () => TOKENS[below(random, TOKENS.length)] ?? '').join('');

/** One field in three is hostile, so that not everything is refused for the same one. */
function makeParts(random: Random): MessageParts {
  const text = (usual: string, most = 3) => (below(random, 3) === 0 ? hostile(random, most) : usual);
  const attachments = Array.from({ length: below(random, 3) }, () => ({
    filename: text('a.txt'),
    contentType: text('text/plain', 2),
    content: Buffer.from(hostile(random, 5)),
    inline: below(random, 2) === 0,
  }));
  return {
    from: text('Bob <bob@x.com>', 2),
    to: [text('ann@y.com', 2)],
    cc: below(random, 2) === 0 ? [] : [text('"C, c" <c@y.com>', 2)],
    subject: text('Hello'),
    text: hostile(random, 8),
    ...(below(random, 2) === 0 ? { html: hostile(random, 8) } : {}),
    ...(below(random, 4) === 0 ? { amp: hostile(random, 8) } : {}),
    headers: [{ name: text('X-Own', 1), value: text('own') }],
    attachments,
    messageId: text('id@x.com', 1),
    date: new Date(0),
  };
}

function compose(parts: MessageParts): ReturnType<typeof buildMessage> | undefined {
  try {
    return buildMessage(parts);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect([error.httpStatus, /[\r\n\0]/.test(error.publicText)]).toEqual([400, false]);
    return undefined;
  }
}

/** The names of fields that this message may have, in lower case. */
const allowed = (parts: MessageParts) =>
  new Set([
    'date',
    'from',
    'to',
    'cc',
    'subject',
    'message-id',
    'mime-version',
    'content-type',
    'content-transfer-encoding',
    ...parts.headers.map(({ name }) => name.toLowerCase()),
  ]);

describe('hostile text in every field', () => {
  it.each([1, 2, 3, 4])('seed %i', async (seed) => {
    const random = makeRandom(seed);
    let composed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const parts = makeParts(random);
      const message = compose(parts);
      if (message === undefined) continue;
      composed++;
      const { head, body, traits } = readAll(await bytesOf(message));
      const fields = parseHead(head);
      const names = fields.map((field) => field.lowerName);
      expect([...names].filter((name) => !allowed(parts).has(name))).toEqual([]);
      expect(new Set(names).size, names.join()).toBe(names.length);
      expect(traits.longLines).toBe(false);
      expect(Buffer.concat([head, body]).toString('latin1')).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0/);
      // A name of blanks and separators is none.
      const files = parts.attachments.filter((part) => !part.inline || /[^\s\p{Cc}/\\]/u.test(part.filename));
      expect(await listAttachments(fields, [body])).toHaveLength(files.length);
    }
    expect(composed).toBeGreaterThan(ROUNDS / 20);
  });
});
