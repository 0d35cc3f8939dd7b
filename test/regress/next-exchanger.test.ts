/**
 * A host that puts mail off does not keep it from the other exchangers: the next one is asked within the attempt, and it comes last in the
 * next one. Reported: 421 and 452 at the first exchanger put mail off every time.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { decideNextHost } from '#delivery/attempt/decide-next-host.js';
import { freePort } from '../support/free-port.mjs';
import { type PlainAction, type ScriptedMx, type ScriptedMxOptions, type Stage, startScriptedMx } from '../support/scripted-mx.mjs';
import { type Harness, type MessageFields, makeHarness, type Zone } from '../unit/delivery/support/harness.js';

let hosts: ScriptedMx[] = [];
let harness: Harness;

afterEach(async () => {
  await harness.delivery.stop(0);
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
});

/** Exchangers of `dst.test` in order of preference. */
async function start(...options: ScriptedMxOptions[]): Promise<void> {
  const port = await freePort();
  const zones: Record<string, Zone> = { 'dst.test': { mx: options.map((_, index) => `mx${index + 1}.dst.test`) } };
  for (const [index, one] of options.entries()) {
    const host = `127.0.0.${index + 11}`;
    zones[`mx${index + 1}.dst.test`] = { a: [host] };
    hosts.push(await startScriptedMx({ ...one, host, port }));
  }
  harness = makeHarness({ port }, zones);
}

const at = (stage: Stage, action: PlainAction): ScriptedMxOptions => ({ script: { [stage]: action } });
const sessions = () => hosts.map((host) => host.sessions.length);

async function send(fields: MessageFields = {}) {
  const [settled] = await harness.send(fields);
  if (settled === undefined) throw new Error('not settled');
  return settled;
}

/** The next attempt of what was put off. */
const again = ({ verdict }: Awaited<ReturnType<typeof send>>) => {
  if (verdict.kind !== 'defer') throw new Error('not put off');
  return send({ delivery: { attempts: verdict.attempts, last: verdict.last } });
};

describe('within the attempt the next exchanger gets it', () => {
  it.each<[Stage, PlainAction]>([
    ['banner', '421 4.3.2 busy'],
    ['ehlo', '421 4.3.2 busy'],
    ['mail', '421 4.3.2 Service shutting down'],
    ['mail', '452 4.3.1 Insufficient system storage'],
    ['mail', '451 4.7.1 too many messages, slow down'],
    ['rcpt', '450 4.3.2 try again later'],
    ['rcpt', '451 4.7.1 Greylisted, please try again later'],
    ['rcpt', '421 4.3.2 closing'],
    ['data', '451 4.3.0 local error in processing'],
    ['data', '250 2.0.0 Resetting'],
    ['dot', '451 4.3.0 queue file write error'],
    ['mail', 'close'],
    ['rcpt', 'reset'],
    ['data', 'garbage'],
  ])('%s: %s', async (stage, action) => {
    await start(at(stage, action), {});
    const { event } = await send();
    expect(event).toMatchObject({ event: 'delivered', 'delivery-status': { 'mx-host': 'mx2.dst.test', 'attempt-no': 1 } });
    expect(hosts.map(({ messages }) => messages.length)).toEqual([0, 1]);
    expect(sessions()).toEqual([1, 1]);
  });

  it('another address of the same host counts as another', async () => {
    await start(at('mail', '452 4.3.1 full'), {});
    await harness.delivery.stop(0);
    const zones = { 'dst.test': { mx: ['mx.dst.test'] }, 'mx.dst.test': { a: ['127.0.0.11', '127.0.0.12'] } };
    harness = makeHarness({ port: hosts[0]?.port ?? 0 }, zones);
    expect((await send()).event.event).toBe('delivered');
    expect(hosts[1]?.messages.length).toBe(1);
  });
});

describe('one attempt asks', () => {
  it('two hosts at most, and tells what the second said', async () => {
    await start(at('mail', '452 4.3.1 full'), at('mail', '451 4.3.0 out of order'), {});
    const { event } = await send();
    expect(event).toMatchObject({ severity: 'temporary', 'delivery-status': { code: 451, 'mx-host': 'mx2.dst.test' } });
    expect(sessions()).toEqual([1, 1, 0]);
  });

  it('nobody else where everybody would say the same', async () => {
    await start(at('rcpt', '452 4.2.2 mailbox is full'), {});
    expect((await send()).event['delivery-status']).toMatchObject({ code: 452, 'mx-host': 'mx1.dst.test' });
    expect(sessions()).toEqual([1, 0]);
  });

  it.each([
    ['is down', undefined],
    ['greets with 554', at('banner', '554 5.3.2 no mail here')],
    ['does not relay for the first', at('rcpt', '554 5.7.1 Relay access denied')],
    ['is too small', { extensions: ['SIZE 10'] }],
  ])('and the first one holds when the second %s', async (_name, second) => {
    await start(at('mail', '452 4.3.1 full'), second ?? {});
    if (second === undefined) await hosts[1]?.close();
    const { event, verdict } = await send();
    expect(verdict.kind).toBe('defer');
    expect(event['delivery-status']).toMatchObject({ code: 452, 'mx-host': 'mx1.dst.test' });
  });

  it('and an unknown recipient is one, whoever says so', async () => {
    await start(at('mail', '452 4.3.1 full'), at('rcpt', '550 5.1.1 no such user'));
    expect((await send()).event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 550, 'mx-host': 'mx2.dst.test' } });
  });
});

describe('over the attempts', () => {
  it('every exchanger is asked, however many put it off for ever', async () => {
    const bad = at('mail', '452 4.3.1 full');
    await start(bad, bad, bad, {});
    let settled = await send();
    for (let attempt = 2; settled.verdict.kind === 'defer' && attempt < 6; attempt++) settled = await again(settled);
    expect(settled.event).toMatchObject({ event: 'delivered', 'delivery-status': { 'mx-host': 'mx4.dst.test' } });
  });

  it('one that lets us wait in vain comes after the others', async () => {
    await start(at('rcpt', '452 4.2.2 mailbox is full'), {});
    const delivered = await again(await send());
    expect(delivered.event['delivery-status']).toMatchObject({ code: 250, 'mx-host': 'mx2.dst.test', 'attempt-no': 2 });
    expect(sessions()).toEqual([1, 1]);
  });
});

it('what is said of a host, of us or of a message is told apart', () => {
  const why = { isTimeout: false };
  expect(decideNextHost({ ...why, stage: 'rcpt', category: 'peer-trouble' })).toBe(true);
  expect(decideNextHost({ ...why, stage: 'rcpt', category: 'unknown' })).toBe(true);
  expect(decideNextHost({ ...why, stage: 'mail', category: 'rate-limited' })).toBe(true);
  expect(decideNextHost({ ...why, stage: 'dot', category: 'rate-limited' })).toBe(false);
  expect(decideNextHost({ ...why, stage: 'rcpt', category: 'blocklisted' })).toBe(false);
  expect(decideNextHost({ stage: 'rcpt', category: undefined, isTimeout: true })).toBe(false);
});
