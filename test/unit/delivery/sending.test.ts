import { afterEach, describe, expect, it } from 'vitest';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type Harness, makeHarness } from './support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

async function start(options: ScriptedMxOptions = {}): Promise<Harness> {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port });
  return harness;
}

afterEach(async () => {
  await harness.delivery.stop(100);
  await mx.close();
});

describe('a message that the peer takes', () => {
  it('is delivered, signed, and told with the facts of its session', async () => {
    await start();
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('done');
    expect(settled?.event).toMatchObject({
      event: 'delivered',
      'primary-dkim': 's1._domainkey.src.test',
      envelope: { sender: 'a@src.test', targets: 'b@dst.test', 'sending-ip': '127.0.0.1' },
      'delivery-status': { 'attempt-no': 1, code: 250, 'mx-host': 'mx.dst.test', 'mx-host-ip': '127.0.0.1', tls: false, utf8: true },
    });
    expect(mx.messages).toMatchObject([{ mailFrom: 'a@src.test', rcptTo: ['b@dst.test'], helo: 'out.test' }]);
    expect(mx.messages[0]?.data.toString()).toMatch(/^DKIM-Signature: .*\r\n\r\nHello there\.\r\n$/s);
  });
});
