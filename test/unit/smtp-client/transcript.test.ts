import { expect, it } from 'vitest';
import { makeTranscript } from '#smtp-client/transcript.js';

it('shows the set-up of the session and its last message', () => {
  const talk = makeTranscript();
  talk.remark('connected to mx.dst.test [192.0.2.1]:25');
  talk.server('220 mx.dst.test ESMTP');
  talk.client('EHLO mail.src.test');
  talk.server('250-mx.dst.test\n250 SIZE 1000');
  const setup =
    '* connected to mx.dst.test [192.0.2.1]:25\nS: 220 mx.dst.test ESMTP\nC: EHLO mail.src.test\nS: 250-mx.dst.test\nS: 250 SIZE 1000';
  expect(talk.text()).toBe(setup);
  talk.beginMessage();
  talk.client('MAIL FROM:<first@src.test>');
  talk.beginMessage();
  talk.client('MAIL FROM:<second@src.test>');
  talk.server('451 4.7.1 later');
  expect(talk.text()).toBe(`${setup}\n* 1 earlier message on this connection\nC: MAIL FROM:<second@src.test>\nS: 451 4.7.1 later`);
});

it('never shows what logs in, whatever the mechanism', () => {
  const talk = makeTranscript();
  for (const line of ['AUTH PLAIN AGFsaWNlAGh1bnRlcjI=', 'AUTH LOGIN', 'aHVudGVyMg==', 'auth xoauth2 c2VjcmV0', '*']) talk.client(line);
  expect(talk.text().split('\n')).toEqual([
    'C: AUTH PLAIN (not shown)',
    'C: AUTH LOGIN (not shown)',
    'C: (not shown)',
    'C: auth xoauth2 (not shown)',
    'C: (not shown)',
  ]);
});

it('stays below 4 kB and one line per line, whatever a peer says', () => {
  const talk = makeTranscript();
  for (let count = 0; count < 1000; count++) talk.server(`250-${'x'.repeat(70_000)}\u001b[31m\u0000`);
  talk.server('250 a\u001b[31mb\u2028c');
  talk.beginMessage();
  for (let count = 0; count < 1000; count++) talk.server(`451-${count} \r\n451 ${'y'.repeat(300)}`);
  expect(Buffer.byteLength(talk.text())).toBeLessThan(4096);
  expect(talk.text()).toContain('* …');
  expect(talk.text()).not.toMatch(/(?!\n)\p{Cc}|\u2028/u);
});
