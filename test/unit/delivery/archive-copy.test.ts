import { afterEach, expect, it } from 'vitest';
import { recipientStorageKey } from '#core';
import { type ScriptedMx, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type Harness, makeHarness } from './support/harness.js';

const URL = 'https://archive.example/in';
const RAW = 'From: a@src.test\r\nTo: b@dst.test\r\nSubject: hello\r\n\r\n.dot\r\nGrüße\r\n';

let mx: ScriptedMx;
let harness: Harness;
let kept: { id: string; account: number; url: string; contentType: string; body: Uint8Array }[];

async function start(actions: Parameters<typeof startScriptedMx>[0] = {}, broken = false) {
  mx = await startScriptedMx(actions);
  kept = [];
  harness = makeHarness({
    port: mx.port,
    calls: {
      put: async (call) => {
        if (broken) throw new Error('disk full');
        kept.push(call);
      },
    },
  });
}

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

it.each([
  ['in memory', undefined],
  ['from a file', 5],
])('keeps what was delivered, byte for byte (%s)', async (_, chunkSize) => {
  await start();
  const fields = { raw: RAW, options: { archiveTo: URL }, ...(chunkSize === undefined ? {} : { chunkSize }) };
  const settled = await harness.send(fields, 'b@dst.test', 'c@dst.test');
  expect(settled.map(({ event }) => event.event)).toEqual(['delivered', 'delivered']);
  expect(kept.map(({ id }) => id).sort()).toEqual(settled.map(({ delivery }) => `archive ${recipientStorageKey('k', delivery.id)}`).sort());
  for (const { account, url, contentType, body } of kept) {
    expect({ account, url, contentType }).toEqual({ account: 1, url: URL, contentType: 'application/mime' });
    expect(mx.messages.map(({ data }) => data.toString('latin1'))).toContain(Buffer.from(body).toString('latin1'));
    expect(Buffer.from(body).toString()).toMatch(/^DKIM-Signature: /);
  }
});

it('keeps nothing of what was not sent, or not asked for', async () => {
  await start({ script: { rcpt: ['550 no', '451 later', '250 ok'] } });
  for (const options of [{ archiveTo: URL }, { archiveTo: URL }, {}, { archiveTo: URL, testMode: true }]) await harness.send({ options });
  expect(kept).toEqual([]);
});

it('settles the delivery when the copy cannot be kept', async () => {
  await start({}, true);
  const [settled] = await harness.send({ options: { archiveTo: URL } });
  expect(settled?.event.event).toBe('delivered');
});
