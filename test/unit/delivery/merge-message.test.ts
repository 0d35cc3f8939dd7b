import { describe, expect, it } from 'vitest';
import { type Address, type Body, type Delivery, type Merge, type Message, Refusal } from '#core';
import { makeRender } from '#delivery/attempt/render.js';
import type { Attempt } from '#delivery/attempt/step.js';
import { bodyHashOf } from '#mail';
import type { MessageForm } from '#messages';
import { makeMergeMessage } from '#messages/merge-message.js';
import { makeWorkers } from '#workers';

const workers = makeWorkers();

const HEAD = 'To: %recipient%\r\nSubject: Hi %recipient.name%\r\n';
const TRAITS = { eightBitHead: false, eightBitBody: false, longLines: false };

function makeMessage(id: number, text: string, merge: Merge = {}, kind: Body['kind'] = 'inline'): Message {
  const bytes = Buffer.from(text);
  const body: Body = kind === 'inline' ? { kind, bytes } : { kind, name: 'body', size: bytes.byteLength };
  return { id, head: Buffer.from(HEAD), body, bodyHash: 'stored', traits: TRAITS, merge } as unknown as Message;
}

const deliveryTo = (id: number, variables: Record<string, unknown> = {}, recipient = 'bob@dst.test') =>
  ({ id, recipient: recipient as Address, recipientName: 'Bob', recipientVariables: variables }) as Delivery;

/** A spool with one body, which counts how often that is read. */
function makeSpool(text: string) {
  const spool = {
    opened: 0,
    async *openBody(): AsyncGenerator<Uint8Array> {
      spool.opened++;
      for (let start = 0; start < text.length; start += 1000) yield Buffer.from(text.slice(start, start + 1000));
    },
  };
  return spool;
}

async function bodyOf({ body }: MessageForm): Promise<Buffer> {
  if (body.kind === 'inline') return Buffer.from(body.bytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of body.open()) pieces.push(piece);
  expect(Buffer.concat(pieces)).toHaveLength(body.size);
  return Buffer.concat(pieces);
}

describe('makeMergeMessage', () => {
  it('makes each recipient a message of their own, with its own hash and name', async () => {
    const merge = makeMergeMessage({ workers, spool: makeSpool('') });
    const message = makeMessage(1, 'Dear %recipient.name%\r\n');
    const [one, other] = await Promise.all([merge(message, deliveryTo(7, { name: 'A' })), merge(message, deliveryTo(8, { name: 'Ä' }))]);
    expect(Buffer.from(one.head).toString()).toBe('To: Bob <bob@dst.test>\r\nSubject: Hi A\r\n');
    expect((await bodyOf(one)).toString()).toBe('Dear A\r\n');
    expect((await bodyOf(other)).toString()).toBe('Dear =C3=84\r\n');
    expect(one.bodyHash).toBe(await bodyHashOf([await bodyOf(one)]));
    expect([one.form, other.form]).toEqual(['for 7', 'for 8']);
  });

  it('sends the stored body as it is when nothing in it is theirs', async () => {
    const rendered = await makeMergeMessage({ workers, spool: makeSpool('') })(makeMessage(1, 'the same\r\n'), deliveryTo(7));
    expect(rendered.bodyHash).toBe('stored');
    expect((await bodyOf(rendered)).toString()).toBe('the same\r\n');
  });

  it('needs SMTPUTF8 for the head of a recipient whose address does', async () => {
    const merge = makeMergeMessage({ workers, spool: makeSpool('') });
    expect((await merge(makeMessage(1, 'x\r\n'), deliveryTo(7, {}, 'bób@dst.test'))).eightBitHead).toBe(true);
    expect((await merge(makeMessage(1, 'x\r\n'), deliveryTo(8, { name: 'Bób' }))).eightBitHead).toBe(false);
  });

  it('reads a large body to plan it once, and once or twice for each recipient', async () => {
    const text = `Dear %recipient.name%\r\n${'line\r\n'.repeat(2000)}`;
    const spool = makeSpool(text);
    const merge = makeMergeMessage({ workers, spool });
    const message = makeMessage(1, text, {}, 'file');
    for (const id of [1, 2, 3]) {
      const rendered = await merge(message, deliveryTo(id, { name: `n${id}` }));
      expect(rendered.body.kind).toBe('stream');
      const body = await bodyOf(rendered);
      expect(body.toString()).toBe(text.replace('%recipient.name%', `n${id}`));
      expect(rendered.bodyHash).toBe(await bodyHashOf([body]));
    }
    expect(spool.opened).toBe(1 + 3 * 2);
  });

  it('keeps so much of what it made ready, and no more', async () => {
    const text = `%recipient.x%\r\n${'y'.repeat(70)}\r\n`.repeat(10_000);
    const spool = makeSpool(text);
    const merge = makeMergeMessage({ workers: makeWorkers({ atOnce: Number.POSITIVE_INFINITY }), spool });
    const serve = (id: number) => merge(makeMessage(id, text, {}, 'file'), deliveryTo(id));
    await serve(1);
    const once = spool.opened;
    await serve(1);
    expect(spool.opened).toBe(once + 1);
    for (let id = 2; id < 20; id++) await serve(id);
    const before = spool.opened;
    await serve(1);
    expect(spool.opened).toBe(before + 2);
  });

  it('keeps nothing for those who say so', async () => {
    const spool = makeSpool('%recipient.x%\r\n');
    const merge = makeMergeMessage({ workers, spool, maxKept: 0 });
    for (const id of [1, 2]) await merge(makeMessage(1, '%recipient.x%\r\n', {}, 'file'), deliveryTo(id));
    // Planned anew each time, and read for its hash.
    expect(spool.opened).toBe(4);
  });

  it('is asked again after the body could not be read', async () => {
    const spool = makeSpool('%recipient.x%\r\n');
    const read = spool.openBody;
    const merge = makeMergeMessage({ workers, spool });
    const message = makeMessage(1, '%recipient.x%\r\n', {}, 'file');
    spool.openBody = () => {
      throw new Error('disk');
    };
    await expect(merge(message, deliveryTo(1))).rejects.toThrow('disk');
    spool.openBody = read;
    expect((await bodyOf(await merge(message, deliveryTo(1, { x: 1 })))).toString()).toBe('1\r\n');
  });
});

describe('stored templates', () => {
  const variables = { greeting: 'Hi %recipient.name%', items: ['%recipient.a%', 'b'] };
  const source = '{{greeting}}: {{#each items}}[{{this}}]{{/each}} %recipient.id%\r\n';

  it('are rendered for each recipient', async () => {
    const merge = makeMergeMessage({ workers, spool: makeSpool('') });
    const rendered = await merge(
      makeMessage(1, source, { templateVariables: variables, textFromHtml: true }),
      deliveryTo(7, { name: '<A>', a: 1, id: 2 }),
    );
    expect((await bodyOf(rendered)).toString()).toBe('Hi <A>: [1][b] 2\r\n');
  });

  it('fill what the template says, and nothing that a value holds', async () => {
    const merge = makeMergeMessage({ workers, spool: makeSpool('') });
    const text = '{{greeting}} %recipient.name%\r\n';
    const message = makeMessage(1, text, { templateVariables: variables, textFromHtml: true });
    const rendered = await merge(message, deliveryTo(7, { name: '%recipient.id%', id: 2 }));
    expect((await bodyOf(rendered)).toString()).toBe('Hi %recipient.id% %recipient.id%\r\n');
  });

  it('leave a text alone that is none', async () => {
    const merge = makeMergeMessage({ workers, spool: makeSpool('') });
    const message = makeMessage(1, '{{greeting}} %recipient.name%\r\n', { templateVariables: variables });
    expect((await bodyOf(await merge(message, deliveryTo(7, { name: '<A>' })))).toString()).toBe('{{greeting}} <A>\r\n');
  });

  it('escape values in HTML', async () => {
    const merge = makeMergeMessage({ workers, spool: makeSpool('') });
    const message = makeMessage(1, '<p>{{greeting}}</p>\r\n', { templateVariables: variables });
    message.head = Buffer.from('Content-Type: text/html\r\n');
    const rendered = await merge(message, deliveryTo(7, { name: '<A>' }));
    expect((await bodyOf(rendered)).toString()).toBe('<p>Hi &lt;A&gt;</p>\r\n');
  });

  it.each([
    ['{{#if}', { templateVariables: {}, textFromHtml: true }],
    ['{{#each list}}{{../big}}{{/each}}', { templateVariables: { list: Array(200).fill(1), big: 'x'.repeat(10_000) }, textFromHtml: true }],
  ])('that fail on a recipient fail their delivery for good: %s', async (text, templates) => {
    const message = makeMessage(1, `${text}\r\n`, templates);
    await expect(makeMergeMessage({ workers, spool: makeSpool('') })(message, deliveryTo(7))).rejects.toThrow(Refusal);
    const attempt = { message, delivery: deliveryTo(7), connection: {} } as unknown as Attempt;
    const outcome = await makeRender({ workers, spool: makeSpool('') }).run(attempt);
    expect(outcome).toMatchObject({ kind: 'failed', stage: 'local', reply: { code: 554, enhancedCode: '5.6.0' } });
    expect(JSON.stringify(outcome)).toContain('The template cannot be rendered: ');
  });
});
