import { describe, expect, it } from 'vitest';
import { checkMergeSize, parseHead, planMerge, renderMerge } from '#mail';
import { CONSTANT, type Family, measureGrowth, steepFamilies } from '../../../support/growth.js';
import { recipient, split } from './support.js';

const MIB = 1024 * 1024;

/** A message of one text, or of several. */
async function planOf(texts: string[], fields = ''): Promise<Awaited<ReturnType<typeof planMerge>>> {
  const parts = texts.map((text) => `--x\n\n${text}\n`).join('');
  const { head, body } = split(`From: a@src.test\n${fields}Content-Type: multipart/mixed; boundary=x\n\n${parts}--x--\n`);
  return planMerge(parseHead(head), [body]);
}

describe('what a merge comes to', () => {
  it.each([
    ['no placeholder', 'abc', {}, 0],
    ['a text', 'a%recipient.a%c', { a: 'bbb' }, 5],
    ['one that is not known stays', '%recipient.b%', { a: 'x' }, 13],
    ['bytes, not characters', '%recipient.a%', { a: 'é\u{1f600}' }, 6],
    ['what is predefined', '%recipient_email%', {}, 12],
    ['a value within values', '%recipient.a.b%%recipient.c.d.e%', { a: { b: 'xx' }, 'c.d': { e: 1 } }, 3],
    ['JSON of an object', '%recipient.a%', { a: { b: [1] } }, 9],
  ])('%s', async (_, text, variables, bytes) => {
    expect(checkMergeSize((await planOf([text])).size, recipient(variables))).toBe(bytes);
  });

  const a = 'A'.repeat(4000);
  const refused = (what: string, size: number | string, most: number) =>
    new RegExp(`the ${what} for bob@dst.test would be ${size} bytes, at most ${most} are allowed`);

  it.each([
    ['a text', ['%recipient.a%'.repeat(300)], '', refused('text', 1_200_000, MIB)],
    ['texts together', Array(5).fill('%recipient.a%'.repeat(250)), '', refused('texts', 5_000_000, 4 * MIB)],
    ['a message', ['%recipient.a%'.repeat(70_000)], '', refused('message', String.raw`28\d+`, 25 * MIB)],
    ['header fields', ['x'], `X-A: ${'%recipient.a%'.repeat(70)}\n`, refused('header fields', String.raw`28\d+`, 256 * 1024)],
  ])('over the limit of %s is refused before it is made', async (_, texts, fields, message) => {
    const plan = await planOf(texts, fields);
    for (const check of [() => checkMergeSize(plan.size, recipient({ a })), () => renderMerge(plan, recipient({ a }))]) {
      expect(check).toThrow(
        expect.objectContaining({ publicText: expect.stringMatching(message), httpStatus: 400, smtpCode: 552, enhancedCode: '5.3.4' }),
      );
    }
    expect(() => renderMerge(plan, recipient({ a: 'A' }))).not.toThrow();
  });

  it('counts for each recipient in a time that placeholders do not add to', async () => {
    const sizes = new Map<number, Awaited<ReturnType<typeof planOf>>['size']>();
    for (const part of [1, 2, 4, 8, 16, 32, 64]) sizes.set(64_000 / part, (await planOf(['%recipient.a%'.repeat(64_000 / part)])).size);
    const { ratio } = await measureGrowth({
      make: (placeholders) => sizes.get(placeholders),
      run: (size) => {
        if (size === undefined) throw new Error('not planned');
        for (let index = 0; index < 1000; index++) checkMergeSize(size, recipient({ a: 'A', b: index }));
      },
      most: 64_000,
      allowed: CONSTANT,
    });
    expect(ratio).toBeLessThanOrEqual(CONSTANT);
  });

  it('is bounded also where encoding makes a message longer', async () => {
    const file = `--x\nContent-Type: application/octet-stream\n\n${`${'x'.repeat(70)}\n`.repeat(320_000)}`;
    const text = `--x\nContent-Type: text/plain; charset=utf-8\n\n${'%recipient.a%\n'.repeat(800)}\n`;
    const { head, body } = split(`From: a@src.test\nContent-Type: multipart/mixed; boundary=x\n\n${file}${text.repeat(3)}--x--\n`);
    const plan = await planMerge(parseHead(head), [body]);
    const to = recipient({ a: `é${'='.repeat(898)}` });
    expect(checkMergeSize(plan.size, to)).toBe(3 * 800 * 902);
    expect(() => renderMerge(plan, to)).toThrow(refused('message', String.raw`2\d+`, 25 * MIB));
  });
});

describe('placeholders of nested values', () => {
  it.each([
    ['a.b', { 'a.b': 1, a: { b: 2 } }, '1'],
    ['a.b', { a: { b: 2 } }, '2'],
    ['a.b.c', { a: { x: 1 }, 'a.b': { c: 3 } }, '3'],
    ['a.b.c', { a: { 'b.c': 4 }, 'a.b': { c: 3 } }, '4'],
    ['a.length', { a: 'abc' }, '%recipient.a.length%'],
    ['constructor.name', {}, '%recipient.constructor.name%'],
  ])('%s of %j', async (path, variables, expected) => {
    const { head, body } = split(`From: a@src.test\n\n%recipient.${path}%\n`);
    const plan = await planMerge(parseHead(head), [body]);
    expect(Buffer.from(renderMerge(plan, recipient(variables)).body(body)).toString()).toBe(`${expected}\r\n`);
  });

  it('are found in time when paths can be read in many ways', async () => {
    const nest = (depth: number): Record<string, unknown> =>
      depth === 0 ? {} : { a: nest(depth - 1), 'a.a': nest(Math.max(0, depth - 2)), 'a.a.a': nest(Math.max(0, depth - 3)) };
    const nested = recipient(nest(11));
    const long: Family<{ head: Buffer; body: Buffer }> = [
      'long paths',
      (size) => {
        const names = Array.from({ length: 3000 }, (_, index) => `%recipient.${'a.'.repeat(size)}${index}%`).join('\n');
        return split(`From: a@src.test\n\n${names}\n`);
      },
    ];
    const merge = async ({ head, body }: { head: Buffer; body: Buffer }) => renderMerge(await planMerge(parseHead(head), [body]), nested);
    expect(await steepFamilies([long], 30, merge)).toEqual([]);
  });
});
