/** Behind filters a reply may begin with 250- and end with 550: the last line decides, at every stage. Reported: the first one did. */
import { afterEach, describe, expect, it } from 'vitest';
import { parseSmtpReply } from '#core';
import { type ScriptedMx, type Stage, startScriptedMx } from '../support/scripted-mx.mjs';
import { type Harness, makeHarness } from '../unit/delivery/support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

async function sendTo(stage: Stage, reply: string, extensions?: string[]) {
  mx = await startScriptedMx({ script: { [stage]: reply }, extensions });
  harness = makeHarness({ port: mx.port });
  const [settled] = await harness.send();
  return settled?.event;
}

describe.each(['banner', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const)('at %s', (stage) => {
  const good = { banner: 220, ehlo: 250, mail: 250, rcpt: 250, data: 354, dot: 250 }[stage];

  it.each([
    ['550 5.7.1 refused', 'permanent', 550, '5.7.1'],
    ['451 4.7.1 later', 'temporary', 451, '4.7.1'],
  ] as const)(`${good}- and then %s is a refusal`, async (last, severity, code, enhanced) => {
    const event = await sendTo(stage, `${good}-2.0.0 message scanned\r\n${last}`);
    expect(event).toMatchObject({ event: 'failed', severity, 'delivery-status': { code, 'enhanced-code': enhanced } });
    expect(event?.['delivery-status'].message).toBe(`2.0.0 message scanned ${last.slice(4)}`);
    expect(mx.messages.length).toBe(stage === 'dot' ? mx.attempts.length : 0);
  });
});

it('a warning before the acceptance is none of a refusal', async () => {
  const event = await sendTo('dot', '550-5.7.1 looked like spam first\r\n250 2.0.0 kept');
  expect(event).toMatchObject({ event: 'delivered', 'delivery-status': { code: 250, 'enhanced-code': '2.0.0' } });
});

describe('a reply that is read from text', () => {
  it.each([
    ['250-2.0.0 scanned\r\n550 5.7.1 refused', 550, '5.7.1'],
    ['250-2.0.0 scanned\n550 refused', 550, ''],
    ['550-5.1.1 nobody\n550 here', 550, '5.1.1'],
    ['550 4.4.7 Rejected', 550, '4.4.7'],
  ])('%j', (raw, code, enhancedCode) => expect(parseSmtpReply(raw)).toMatchObject({ code, enhancedCode }));
  it.each(['250-2.0.0 scanned\nwhatever', '550 x\n650 y'])('%j is none', (raw) => expect(parseSmtpReply(raw)).toBeUndefined());
});
