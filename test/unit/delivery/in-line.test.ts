/** What is said of deliveries that were taken from the queue to be given to a source, and wait for one of its connections. */
import { afterEach, expect, it } from 'vitest';
import { type ScriptedMx, startScriptedMx } from '../../support/scripted-mx.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { type Harness, makeHarness } from './support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

it('only the one whose connection is open is being attempted; the others are next in line, and their source is named', async () => {
  let answer: (reply: string) => void = () => undefined;
  const slow = new Promise<string>((resolve) => {
    answer = resolve;
  });
  mx = await startScriptedMx({ script: { dot: () => slow } });
  harness = makeHarness({ port: mx.port, sources: [{ ipv4: '127.0.0.2' }], concurrencyPerDestination: 1 });
  const put = harness.put({}, ...Array.from({ length: 6 }, (_, index) => `user${index}@dst.test`));
  await waitFor(() => mx.attempts.length === 1 && harness.queue.held.size === put.length);
  const reasons = (await Promise.all(put.map(harness.queue.why))).map(({ reason }) => reason);
  expect(reasons.filter((reason) => reason === 'It is being attempted now').length).toBe(1);
  expect(new Set(reasons.slice(1))).toEqual(
    new Set([
      'Next in line for a connection from 127.0.0.2 to mx.dst.test; the one connection that mx.dst.test is given now from 127.0.0.2 is in use',
    ]),
  );
  answer('250 ok');
  await harness.settledFor(put);
});
