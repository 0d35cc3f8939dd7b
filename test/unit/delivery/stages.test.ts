import { describe, expect, it } from 'vitest';
import type { DeliveryTimeouts } from '#smtp-client';
import { type PlainAction, type Stage, startScriptedMx } from '../../support/scripted-mx.mjs';
import { makeHarness, PATIENT, QUICK } from './support/harness.js';

/** Every stage of a session at which a peer can misbehave, and every way to do it, against the one documented outcome. */
const STAGES = ['banner', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const;
type Tested = (typeof STAGES)[number];

const REPLIES: [name: string, action: PlainAction][] = [
  ['4xx', '451 4.7.1 later please'],
  ['5xx', '550 5.7.1 go away'],
  ['421', '421 4.3.2 shutting down'],
];
const FAULTS: [name: string, action: PlainAction][] = [
  ['close', 'close'],
  ['reset', 'reset'],
  ['silence', 'silence'],
  ['garbage', 'garbage'],
  ['endless reply', 'endless'],
  ['2 MB line', 'huge-line'],
  ['drip', { drip: `250 ${'x'.repeat(60)}`, everyMs: 50 }],
];

async function sendWith(stage: Stage, action: PlainAction, timeouts: DeliveryTimeouts) {
  const mx = await startScriptedMx({ script: { [stage]: action } });
  const harness = makeHarness({ port: mx.port, timeouts });
  try {
    const [settled] = await harness.send();
    if (settled === undefined) throw new Error('not settled');
    return { ...settled, mx };
  } finally {
    await harness.delivery.stop(0);
    await mx.close();
  }
}

/** In a hurry where the peer misbehaves and nowhere else: a busy machine must not end a session earlier. */
function quickAt(stage: Tested): DeliveryTimeouts {
  const deadline = ({ banner: 'setup', ehlo: 'setup', mail: 'envelope', rcpt: 'envelope', data: 'data', dot: 'dot' } as const)[stage];
  return { ...PATIENT, [deadline]: QUICK[deadline] };
}

const isEarly = (stage: Tested) => stage === 'banner' || stage === 'ehlo';

describe.each(STAGES)('at %s', (stage) => {
  it.concurrent.each(REPLIES)('a %s reply decides', async (name, action) => {
    const { verdict, event, mx } = await sendWith(stage, action, PATIENT);
    expect(event['delivery-status']).toMatchObject({ 'attempt-no': 1, 'mx-host': 'mx.dst.test', 'mx-host-ip': '127.0.0.1' });
    expect(event['delivery-status'].code).toBe(Number(String(action).slice(0, 3)));
    expect(event['delivery-status'].message).toBe(String(action).slice(4));
    expect(event['delivery-status']['enhanced-code']).toBe(String(action).split(' ')[1]);
    expect(event.severity).toBe(name === '5xx' ? 'permanent' : 'temporary');
    expect(verdict.kind).toBe(name === '5xx' ? 'done' : 'defer');
    // 421 is a word about the connection: the message gets one more at once, unless it was already under way.
    expect(mx.sessions.length).toBe(name === '421' && !isEarly(stage) && stage !== 'dot' ? 2 : 1);
    expect(mx.messages).toEqual([]);
  });

  it.concurrent.each(FAULTS)('%s is temporary', async (_name, action) => {
    const { verdict, event, mx } = await sendWith(stage, action, quickAt(stage));
    expect(verdict.kind).toBe('defer');
    expect(event).toMatchObject({ event: 'failed', severity: 'temporary', reason: 'generic' });
    expect(event['delivery-status']).toMatchObject({ code: 421, 'retry-seconds': 600 });
    // A reset right behind the accept may be seen as no connection at all.
    expect(event['delivery-status']['enhanced-code']).toMatch(stage === 'banner' ? /^4\.4\.[12]$/ : /^4\.4\.2$/);
    if (stage === 'dot') expect(event['delivery-status'].message).toContain('may have been delivered');
    else expect(event['delivery-status'].message).not.toContain('may have been delivered');
    if (stage === 'dot' && verdict.kind === 'defer') expect(verdict.due - verdict.last.firstAttemptAt).toBeGreaterThanOrEqual(600_000);
    if (stage !== 'dot') expect(mx.attempts).toEqual([]);
  });
});
