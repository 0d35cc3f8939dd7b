import { afterEach, describe, expect, it } from 'vitest';
import { Refusal } from '#core';
import { lintMessage, parseHead, TemplateError } from '#mail';
import { makeWorkers, TaskFailure, type Workers, type WorkersOptions } from '#workers';
import { recipient } from '../mail/merge/support.js';

const made: Workers[] = [];
const workersFor = (options: WorkersOptions = {}): Workers => {
  const workers = makeWorkers({ atOnce: 0, ...options });
  made.push(workers);
  return workers;
};
afterEach(() => Promise.all(made.splice(0).map((workers) => workers.stop())));

const HEAD = Buffer.from('From: a@src.test\r\nContent-Type: text/html\r\n');
const HTML = Buffer.from('<img src="x"><a href="http://x.test">y</a>\r\n');
const lintOf = (body: Uint8Array) => ({ head: HEAD, body, context: { isBulk: false } });
const mergeOf = (text: string, variables: Record<string, unknown>, merge = {}) => ({
  ...{ head: Buffer.from('From: a@src.test\r\n'), body: Buffer.from(text), merge, recipient: recipient(variables) },
});

describe('workers', () => {
  it('give what the task gives, here and elsewhere', async () => {
    const expected = await lintMessage(parseHead(HEAD), [HTML], { isBulk: false });
    expect(expected.length).toBeGreaterThan(2);
    expect(await workersFor().run('lint', lintOf(HTML), 1)).toEqual(expected);
    expect(await workersFor({ atOnce: 1000 }).run('lint', lintOf(HTML), 1000)).toEqual(expected);
    expect(await workersFor().run('preview', { plain: undefined, html: '<p>Hello</p>' }, 1)).toMatchObject({
      plain: 'Hello',
      strippedHtml: '<p>Hello</p>',
    });
    const { head, patches } = await workersFor().run('merge', mergeOf('Hello %recipient.a%\r\n', { a: 'Bob' }), 1);
    expect(Buffer.from(head).toString()).toContain('From: a@src.test');
    expect(patches.map(({ bytes }) => Buffer.concat(bytes).toString())).toEqual(['Hello Bob\r\n']);
  });

  it('throw what the task throws', async () => {
    const large = workersFor().run('merge', mergeOf('%recipient.a%'.repeat(1000), { a: 'x'.repeat(10_000) }), 1);
    await expect(large).rejects.toThrow(expect.objectContaining({ smtpCode: 552, httpStatus: 400 }));
    await expect(large).rejects.toBeInstanceOf(Refusal);
    await expect(
      workersFor().run('merge', mergeOf('{{#if}}', {}, { templateVariables: {}, textFromHtml: true }), 1),
    ).rejects.toBeInstanceOf(TemplateError);
  });

  it('give up after the deadline, and serve others one after the other', async () => {
    const workers = workersFor({ threads: 1, deadlineMs: 400 });
    const long = { plain: `${'On 1\n'.repeat(20_000_000)}`, html: undefined };
    await expect(workers.run('preview', long, 1)).rejects.toThrow(new TaskFailure('deadline', 'It took more than 0.4 s to make'));
    const patient = workersFor({ threads: 1 });
    const [one, other] = await Promise.all([patient.run('lint', lintOf(HTML), 1), patient.run('lint', lintOf(HTML), 1)]);
    expect(one).toEqual(other);
  });

  it('give up what takes too much memory', async () => {
    const workers = workersFor({ threads: 1, memoryMb: 16 });
    const large = workers.run('preview', { plain: 'On 1\n'.repeat(2_000_000), html: undefined }, 1);
    await expect(large).rejects.toThrow(new TaskFailure('memory', 'It took more than 16 MB to make'));
    expect(await workers.run('preview', { plain: 'Hi', html: undefined }, 1)).toMatchObject({ plain: 'Hi' });
  });

  it('do not hold up the caller meanwhile', async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await workersFor().run('preview', { plain: 'On 1\n'.repeat(800_000), html: undefined }, 1);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(20);
  });

  it('reject what runs when they are stopped', async () => {
    const workers = workersFor();
    const running = workers.run('preview', { plain: 'On 1\n'.repeat(800_000), html: undefined }, 1);
    const ended = expect(running).rejects.toThrow('The worker ended');
    await new Promise((resolve) => setImmediate(resolve));
    await workers.stop();
    await ended;
  });
});
