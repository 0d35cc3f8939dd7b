/** What a smarthost gets at each `tls` of its transport, whatever certificate it shows, and what the event says of it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '#routing';
import { type ScriptedMx, startScriptedMx } from '../../support/scripted-mx.mjs';
import { certificatesFor, issue } from '../../support/test-ca.js';
import { type Harness, type MessageFields, makeHarness } from './support/harness.js';

const ca = issue({ name: 'Test CA', isCa: true });
const CERTIFICATES = certificatesFor('localhost', ca);
type Certificate = keyof typeof CERTIFICATES;

let mx: ScriptedMx;
let harness: Harness;
afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

type Result = 'clear' | 'encrypted' | 'verified' | 'waits';
const TABLE: Record<Certificate, Record<Transport['tls'], Result>> = {
  without: { none: 'clear', may: 'clear', require: 'waits', verify: 'waits', implicit: 'waits' },
  good: { none: 'clear', may: 'verified', require: 'verified', verify: 'verified', implicit: 'verified' },
  expired: { none: 'clear', may: 'encrypted', require: 'encrypted', verify: 'waits', implicit: 'waits' },
  wrong: { none: 'clear', may: 'encrypted', require: 'encrypted', verify: 'waits', implicit: 'waits' },
};

async function send(certificate: Certificate, tls: Transport['tls'], fields: MessageFields = {}): Promise<Result | string> {
  const shown = CERTIFICATES[certificate];
  mx = await startScriptedMx({
    ...(shown === undefined ? {} : { tls: { cert: shown.cert, key: shown.key } }),
    implicitTls: tls === 'implicit' && shown !== undefined,
  });
  harness = makeHarness({ port: 1, extraCa: [ca.cert], transports: [{ match: '*', host: 'localhost', port: mx.port, tls }] });
  const [settled] = await harness.send(fields);
  const status = settled?.event['delivery-status'];
  if (settled?.event.event === 'failed') {
    expect(mx.attempts).toEqual([]);
    return settled.verdict.kind === 'defer' && status['enhanced-code'] === '4.7.5' ? 'waits' : status.message;
  }
  expect(status['mx-host']).toBe('localhost');
  expect(status.cipher).toEqual(status.tls === true ? expect.stringMatching(/^TLS_|^ECDHE-/) : undefined);
  return status.tls !== true ? 'clear' : status['certificate-verified'] ? 'verified' : 'encrypted';
}

describe.each(Object.keys(TABLE) as Certificate[])('a smarthost with this certificate: %s', (certificate) => {
  it.each(Object.entries(TABLE[certificate]) as [Transport['tls'], Result][])('at level %s: %s', async (tls, expected) => {
    expect(await send(certificate, tls)).toBe(expected);
  });
});

describe('a sender who asks for more than the transport does', () => {
  const ask = (skipVerification: boolean): MessageFields => ({ options: { requireTls: true, skipVerification } });
  it.each<[Certificate, Transport['tls'], boolean, Result]>([
    ['good', 'none', false, 'verified'],
    ['wrong', 'none', false, 'waits'],
    ['wrong', 'none', true, 'encrypted'],
    ['without', 'may', true, 'waits'],
    ['wrong', 'require', false, 'waits'],
    ['wrong', 'verify', true, 'waits'],
  ])('is obeyed: %s, %s, skip_verification %s: %s', async (certificate, tls, skip, expected) => {
    expect(await send(certificate, tls, ask(skip))).toBe(expected);
  });
});
