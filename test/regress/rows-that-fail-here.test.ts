/**
 * A delivery that this server itself fails at, or cannot read, holds nobody up: it has its event or its pause, and what stands behind it
 * goes out. Reported: it was tried again every two seconds at the head of its flow.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { type Delivery, StoreError } from '#core';
import { type ScriptedMx, startScriptedMx } from '../support/scripted-mx.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { type Harness, makeHarness } from '../unit/delivery/support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

async function start(sources?: { ipv4: string }[]): Promise<void> {
  mx = await startScriptedMx();
  harness = makeHarness({ port: mx.port, concurrencyPerDestination: 1, ...(sources === undefined ? {} : { sources }) });
}

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

/** The messages of these deliveries can never be read. */
function makeUnreadable(deliveries: Delivery[]): void {
  const { message: read } = harness.queue;
  const bad = new Set(deliveries.map(({ message }) => message));
  harness.queue.message = async (id) => {
    if (bad.has(id)) throw new StoreError('failed', 'database disk image is malformed');
    return read(id);
  };
}

it('a message that ends in an error of this server has an event and the schedule, and is not sent again at once', async () => {
  await start();
  const failing = harness.put();
  const { domain } = harness;
  let fails = 0;
  Object.defineProperty(harness, 'domain', {
    get() {
      if (fails++ === 0) throw new Error('cannot read properties of undefined');
      return domain;
    },
  });
  const behind = harness.put({}, 'behind@dst.test');
  const [failed, sent] = await harness.settledFor([...failing, ...behind]);
  expect(failed?.event).toMatchObject({
    event: 'failed',
    severity: 'temporary',
    'delivery-status': { code: 451, message: '4.3.0 Internal error', 'retry-seconds': 600 },
  });
  expect(failed?.verdict).toMatchObject({ kind: 'defer', attempts: 1 });
  expect(sent?.event.event).toBe('delivered');
  expect(harness.queue.returned).toEqual([]);
});

describe('a row whose message cannot be read', () => {
  it('waits a minute, is no attempt, and is in nobody’s way', async () => {
    await start();
    const unreadable = harness.put();
    makeUnreadable(unreadable);
    const behind = harness.put({}, 'behind@dst.test');
    const [put] = await harness.settledFor(unreadable);
    expect(put?.verdict).toMatchObject({
      kind: 'defer',
      attempts: 0,
      events: [],
      last: { code: 451, message: 'Message could not be read from the spool' },
    });
    const wait = put?.verdict.kind === 'defer' ? put.verdict.due - Date.now() : 0;
    expect(wait).toBeGreaterThan(30_000);
    expect(wait).toBeLessThanOrEqual(60_000);
    const [sent] = await harness.settledFor(behind);
    expect(sent?.event.event).toBe('delivered');
  });

  it('is set aside where its source is to be found out, with those behind it going on', async () => {
    await start([{ ipv4: '127.0.0.1' }]);
    // More than are looked at together.
    makeUnreadable(Array.from({ length: 9 }, (_, index) => harness.put({}, `u${index}@dst.test`)).flat());
    const behind = harness.put({}, 'behind@dst.test');
    await waitFor(() => mx.messages.length === 1, { what: 'the message behind them' });
    const [sent] = await harness.settledFor(behind);
    expect(sent?.event.event).toBe('delivered');
    expect(harness.queue.settled.length).toBe(1);
  });
});
