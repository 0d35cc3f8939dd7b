import { expect, it } from 'vitest';
import type { Outcome, Stage } from '#core';
import { reachOf } from '#delivery/attempt/reach-of.js';

const NOTHING = { tls: 'may', siteTls: 'may', barrier: undefined } as const;

const deferred = (stage: Stage, code: number, more: { unanswered?: true } = {}): Outcome => ({
  kind: 'deferred',
  stage,
  reply: { code, enhancedCode: '', text: 'x' },
  reason: 'generic',
  connection: {},
  sessionMs: 0,
  ...more,
});

it.each<[string, Outcome, string]>([
  ['421 in the greeting', deferred('banner', 421), 'unreached'],
  ['a session lost at EHLO', deferred('ehlo', 421), 'unreached'],
  ['a session lost at RCPT', deferred('rcpt', 421, { unanswered: true }), 'cut'],
  ['a session that hung at DATA', deferred('data', 421, { unanswered: true }), 'cut'],
  ['no reply to the dot', deferred('dot', 421, { unanswered: true }), 'cut'],
  ["the peer's own 421 to MAIL", deferred('mail', 421), 'closed'],
  ["the peer's own 421 to the dot", deferred('dot', 421), 'closed'],
  ['a reply to RCPT', deferred('rcpt', 450), 'reached'],
  ['an error of ours', deferred('local', 451), 'unknown'],
  ['a resolver that fails', deferred('dns', 451), 'unreached'],
])('%s', (_name, outcome, reach) => expect(reachOf(outcome, NOTHING)).toBe(reach));
