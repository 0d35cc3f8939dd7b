/** Tables of the server's decisions. */
import { describe, expect, test } from 'vitest';
import { parseAddress } from '#core';
import { clientNetworkOf, isLoopback } from '#net';
import { defaultSmtpLimits } from '#smtp';
import { type CommandState, commandName, decideCommand } from '#smtp/decide-command.js';
import { decideRecipient } from '#smtp/decide-recipient.js';
import { decideSender } from '#smtp/decide-sender.js';
import { overdue } from '#smtp/limits.js';

import { decideMailParameters, type EnvelopePath, parsePathArgument } from '#smtp/parse-path.js';
import { protocolName } from '#smtp/receive-message.js';
import { replyFrom } from '#smtp/reply.js';
import { domainRecord, storeFull } from './support/fakes.js';

const STRICT = { brackets: 'needed' } as const;
const path = (text: string): EnvelopePath => parsePathArgument('RCPT TO', `RCPT TO:<${text}>`, STRICT)?.path ?? { kind: 'malformed' };
const mine = domainRecord(1, 1, 'a.test');
const alsoMine = domainRecord(2, 1, 'other-a.test');
const theirs = domainRecord(3, 2, 'b.test');
const off = domainRecord(4, 2, 'off.test', 'disabled');

describe('parsePathArgument', () => {
  test.each<[string, string]>([
    ['MAIL FROM:x@a.test', 'x@a.test '],
    ['MAIL FROM: x@a.test  SIZE=1', 'x@a.test SIZE'],
    ['MAIL FROM:<x@a.test> SIZE=1', 'x@a.test SIZE'],
    ['MAIL FROM:x@[192.0.2.1]', 'literal '],
    ['MAIL FROM:@relay.test:x@a.test', 'source-route '],
    ['MAIL FROM:x', 'no'],
    ['MAIL FROM:', 'no'],
    ['MAIL FROM:x@a.test>', 'no'],
    ['MAIL FROM:"x y"@a.test', 'no'],
    ['MAIL FROM:Me <x@a.test>', 'no'],
    ['MAIL FROM:x@a.test\tSIZE=1', 'malformed '],
  ])('where brackets are optional: %j', (line, expected) => {
    const found = parsePathArgument('MAIL FROM', line, { brackets: 'optional' });
    const shown = found && (found.path.kind === 'address' ? found.path.address : found.path.kind);
    expect(found === undefined ? 'no' : `${shown} ${[...found.parameters.keys()].join()}`).toBe(expected);
  });

  test.each([
    ['MAIL FROM:<>', 'null'],
    ['mail from: <x@a.test>', 'address'],
    ['MAIL  FROM :<x@a.test>', 'address'],
    ['MAIL FROM:<"a b"@a.test>', 'address'],
    ['MAIL FROM:<"a>b"@a.test>', 'address'],
    ['MAIL FROM:<"a\\"b"@a.test>', 'address'],
    ['MAIL FROM:<@a.test:x@b.test>', 'source-route'],
    ['MAIL FROM:<@a.test,@c.test:x@b.test>', 'source-route'],
    ['MAIL FROM:<x@[127.0.0.1]>', 'literal'],
    ['MAIL FROM:<PostMaster>', 'postmaster'],
    ['MAIL FROM:<x>', 'malformed'],
    ['MAIL FROM:<x@>', 'malformed'],
    ['MAIL FROM:<x@a b.test>', 'malformed'],
    ['MAIL FROM:<x@127.0.0.1>', 'malformed'],
    ['MAIL FROM:<"victim@ext">', 'malformed'],
    [`MAIL FROM:<${'x'.repeat(65)}@a.test>`, 'malformed'],
    [`MAIL FROM:<x@${'a.'.repeat(127)}test>`, 'malformed'],
  ])('%s is %s', (line, kind) => {
    expect(parsePathArgument('MAIL FROM', line, STRICT)?.path.kind).toBe(kind);
  });

  test.each([
    'MAIL',
    'MAIL FROM',
    'MAIL FROM:',
    'MAIL FROM:x@a.test',
    'MAIL FROM:<x@a.test',
    'MAIL FROM:<x@a.test>>',
    'MAIL FROM:<<x@a.test>',
    'MAIL FROM:<x@a.test>SIZE=1',
    'MAIL FROM:<"x@a.test>',
    'RCPT TO:<x@a.test>',
    'MAILFROM:<x@a.test>',
    'MAIL FROM:<x@a.test> A=1 a=2',
    'MAIL FROM:<x@a.test> A==',
    'MAIL FROM:<x@a.test> -A',
  ])('%s is no syntax', (line) => {
    expect(parsePathArgument('MAIL FROM', line, STRICT)).toBeUndefined();
  });

  test('parameters are read by upper-case keyword', () => {
    expect([...(parsePathArgument('MAIL FROM', 'MAIL FROM:<x@a.test>  size=12 SMTPUTF8 ', STRICT)?.parameters ?? [])]).toEqual([
      ['SIZE', '12'],
      ['SMTPUTF8', ''],
    ]);
  });
});

describe('decideSender', () => {
  const facts = { utf8: false, login: undefined, isTrusted: false, hosted: undefined };
  test.each([
    ['a login, its own domain', { path: path('x@a.test'), login: mine, hosted: mine }, 'a.test authenticated'],
    ['a login, another domain of its account', { path: path('x@other-a.test'), login: mine, hosted: alsoMine }, 'a.test authenticated'],
    ['a login, a domain hosted nowhere here', { path: path('x@ext.test'), login: mine }, 'a.test authenticated'],
    ['a login, the null sender', { path: { kind: 'null' } as EnvelopePath, login: mine }, 'a.test authenticated'],
    ['a login, the domain of another account', { path: path('x@b.test'), login: mine, hosted: theirs }, '550 5.7.1'],
    ['a login in a trusted network stays a login', { path: path('x@b.test'), login: mine, isTrusted: true, hosted: theirs }, '550 5.7.1'],
    ['trusted, hosted', { path: path('x@b.test'), isTrusted: true, hosted: theirs }, 'b.test trusted'],
    ['trusted, disabled', { path: path('x@off.test'), isTrusted: true, hosted: off }, '550 5.7.1'],
    ['trusted, not hosted', { path: path('x@ext.test'), isTrusted: true }, 'stranger'],
    ['trusted, the null sender', { path: { kind: 'null' } as EnvelopePath, isTrusted: true }, 'stranger'],
    ['a stranger with a hosted sender', { path: path('x@b.test'), hosted: theirs }, 'stranger'],
    ['a stranger', { path: path('x@ext.test') }, 'stranger'],
    ['UTF-8 without SMTPUTF8', { path: path('ü@ext.test') }, '553 5.6.7'],
    ['UTF-8 with SMTPUTF8', { path: path('ü@ext.test'), utf8: true }, 'stranger'],
    ['a literal', { path: path('x@[1.2.3.4]'), login: mine }, '553 5.1.8'],
    ['a source route', { path: path('@b.test:x@a.test'), login: mine }, '550 5.7.1'],
    ['not an address', { path: path('x'), login: mine }, '501 5.1.7'],
  ])('%s', (_name, given, wanted) => {
    const decision = decideSender({ ...facts, ...given });
    const text =
      'refusal' in decision
        ? `${decision.refusal.code} ${decision.refusal.enhancedCode}`
        : decision.submitter
          ? `${decision.submitter.domain.name} ${decision.submitter.isAuthenticated ? 'authenticated' : 'trusted'}`
          : 'stranger';
    expect(text).toBe(wanted);
  });
});

describe('decideRecipient', () => {
  const submitter = { account: 1, domain: mine, isAuthenticated: true };
  test.each([
    ['x@ext.test', undefined, undefined, '550 5.7.1'],
    ['x@b.test', theirs, undefined, '450 4.2.1'],
    ['victim%ext.test@b.test', theirs, undefined, '450 4.2.1'],
    ['x@[1.2.3.4]', undefined, undefined, '550 5.7.1'],
    ['@b.test:x@ext.test', undefined, undefined, '550 5.7.1'],
    ['postmaster', undefined, undefined, '450 4.2.1'],
    ['', undefined, undefined, '501 5.1.3'],
    ['x', undefined, undefined, '501 5.1.3'],
    ['ü@ext.test', undefined, submitter, '553 5.6.7'],
    ['x@ext.test', undefined, submitter, 'taken'],
    ['x@b.test', theirs, submitter, 'taken'],
    ['x@[1.2.3.4]', undefined, submitter, '550 5.1.2'],
    ['@b.test:x@ext.test', undefined, submitter, '550 5.7.1'],
    ['postmaster', undefined, submitter, '450 4.2.1'],
    ['', undefined, submitter, '501 5.1.3'],
  ])('<%s>', (text, hosted, from, wanted) => {
    const refusal = decideRecipient({ path: path(text), utf8: false, submitter: from, hosted });
    expect(refusal === undefined ? 'taken' : `${refusal.code} ${refusal.enhancedCode}`).toBe(wanted);
  });
});

describe('decideMailParameters', () => {
  test('says what was asked for', () => {
    expect(
      decideMailParameters(
        new Map([
          ['SMTPUTF8', ''],
          ['AUTH', '<>'],
          ['SIZE', '5'],
          ['BODY', '7BIT'],
        ]),
        5,
      ),
    ).toEqual({ utf8: true });
    expect(decideMailParameters(new Map(), 5)).toEqual({ utf8: false });
    expect(decideMailParameters(new Map([['SIZE', '6']]), 5)).toMatchObject({ code: 552, enhancedCode: '5.3.4' });
  });
});

describe('decideCommand', () => {
  const clear: CommandState = { inAuth: false, secure: false };
  const secure: CommandState = { inAuth: false, secure: true };
  const inAuth: CommandState = { inAuth: true, secure: true };
  test.each([
    ['NOOP', clear, undefined],
    ['EXPN x', clear, 502],
    ['BDAT 1 LAST', clear, 421],
    ['AUTH PLAIN', clear, 538],
    ['AUTH PLAIN', secure, undefined],
    ['AUTH PLAIN AAAA', secure, undefined],
    ['AUTH PLAIN =', secure, undefined],
    ['AUTH PLAIN AAA', secure, 501],
    ['auth plain A=AA', secure, 501],
    ['DATA x', clear, 501],
    ['data  ', clear, undefined],
    [`NOOP ${'x'.repeat(3000)}`, clear, 500],
    [`AUTH PLAIN ${'A'.repeat(8000)}`, secure, undefined],
    [`AUTH PLAIN ${'A'.repeat(13_000)}`, secure, 500],
    ['NO\tOP', clear, 500],
    ['NOOP\x7f', clear, 500],
    ['AAAA', inAuth, undefined],
    ['', inAuth, undefined],
    ['*', inAuth, 501],
    ['AAA', inAuth, 501],
    ['QUIT now', inAuth, 501],
    ['A'.repeat(12_292), inAuth, 500],
  ])('%.20s', (text, state, code) => {
    const line = Buffer.from(text);
    expect(decideCommand(line, commandName(line), state)?.code).toBe(code);
  });
});

test('overdue: each deadline counts from its own start, and none counts while we owe the answer', () => {
  const limits = { ...defaultSmtpLimits, handshakeMs: 10, commandMs: 20, messageMs: 30, sessionMs: 100 };
  const idle = { startedAt: 0, repliedAt: 0, receivingSince: undefined, working: false, upgrading: false };
  expect(overdue(idle, limits, 20)).toBeUndefined();
  expect(overdue(idle, limits, 21)).toBe('command');
  expect(overdue({ ...idle, working: true }, limits, 1000)).toBeUndefined();
  expect(overdue({ ...idle, upgrading: true }, limits, 11)).toBe('handshake');
  expect(overdue({ ...idle, receivingSince: 5, working: true }, limits, 35)).toBeUndefined();
  expect(overdue({ ...idle, receivingSince: 5, working: true }, limits, 36)).toBe('message');
  expect(overdue({ ...idle, repliedAt: 95 }, limits, 101)).toBe('session');
  expect(overdue({ ...idle, repliedAt: 95, receivingSince: 95 }, limits, 101)).toBeUndefined();
});

test('protocolName follows RFC 3848 and RFC 6531', () => {
  const name = (extended: boolean, secure: boolean, isAuthenticated: boolean, utf8 = false) =>
    protocolName({ extended, secure, isAuthenticated, utf8 });
  expect([
    name(false, false, false),
    name(true, false, false),
    name(true, true, false),
    name(true, false, true),
    name(true, true, true),
  ]).toEqual(['SMTP', 'ESMTP', 'ESMTPS', 'ESMTPA', 'ESMTPSA']);
  expect([
    name(true, false, false, true),
    name(true, true, false, true),
    name(true, false, true, true),
    name(true, true, true, true),
  ]).toEqual(['UTF8SMTP', 'UTF8SMTPS', 'UTF8SMTPA', 'UTF8SMTPSA']);
});

test('clientNetworkOf: IPv4 by address, IPv6 by /64', () => {
  expect(clientNetworkOf('192.0.2.1')).toBe('192.0.2.1');
  expect(clientNetworkOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(clientNetworkOf('2001:DB8::1')).toBe(clientNetworkOf('2001:db8:0:0:ffff::2'));
  expect(clientNetworkOf('2001:db8:0:1::1')).not.toBe(clientNetworkOf('2001:db8::1'));
  expect(clientNetworkOf('::1')).toBe('0:0:0:0::/64');
  expect(clientNetworkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(clientNetworkOf('64:ff9b::192.0.2.1')).toBe('64:ff9b:0:0::/64');
  expect([isLoopback('127.8.0.1'), isLoopback('::ffff:127.0.0.1'), isLoopback('::1'), isLoopback('128.0.0.1')]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test('replyFrom: a full store is 452 4.3.1, the unknown is 451 4.3.0, and neither tells more', () => {
  expect(replyFrom(storeFull())).toEqual({ code: 452, enhancedCode: '4.3.1', text: 'Insufficient system storage' });
  expect(replyFrom(new Error('/secret/path'))).toEqual({ code: 451, enhancedCode: '4.3.0', text: 'Internal server error' });
  expect(parseAddress('x@a.test')).toBe('x@a.test');
});
