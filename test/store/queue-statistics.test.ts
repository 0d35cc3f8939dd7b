import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINES } from './support/engines.ts';
import { makeDelivery, makeEvent, makeMessage, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  it('counts the queue of all accounts by destination', async () => {
    expect(await stores.spool.queueStatistics(2)).toEqual({ deliveries: 0, destinations: 0, oldestDue: undefined, top: [], lastOutbox: 0 });
    const put = (id: number, account: number, recipients: [string, number][]) =>
      stores.spool.put({
        message: makeMessage(id, { account }),
        deliveries: recipients.map(([recipient, due], index) => makeDelivery(id + 1 + index, due, recipient)),
        events: [makeEvent(`event${id}`)],
      });
    await put(100, 1, [
      ['a@big.test', 30],
      ['b@big.test', 20],
      ['c@small.test', 10],
    ]);
    await put(200, 2, [
      ['a@big.test', 25],
      ['b@mid.test', 40],
      ['c@mid.test', 50],
    ]);
    expect(await stores.spool.queueStatistics(2)).toEqual({
      deliveries: 6,
      destinations: 3,
      oldestDue: 10,
      top: [
        { destination: 'big.test', deliveries: 3, oldestDue: 20 },
        { destination: 'mid.test', deliveries: 2, oldestDue: 40 },
      ],
      lastOutbox: 2,
    });
  });

  it('measures each group commit where it happens', async () => {
    const before = await stores.commitStats();
    expect(before.map(({ database }) => database).sort()).toEqual(['directory', 'events', 'spool']);
    const groups = async () => (await stores.commitStats()).find(({ database }) => database === 'spool');
    await Promise.all(
      [300, 400, 500, 600].map((id) => stores.spool.put({ message: makeMessage(id), deliveries: [makeDelivery(id + 1, 1)], events: [] })),
    );
    const spool = await groups();
    const total = (counts: number[] = []) => counts.reduce((sum, count) => sum + count, 0);
    expect(spool?.size.sum).toBe(4);
    expect(total(spool?.group.counts)).toBe(total(spool?.size.counts));
    expect(total(spool?.fsync.counts)).toBe(total(spool?.size.counts));
    expect(spool?.fsync.sum).toBeGreaterThan(0);
    expect(spool?.group.sum).toBeGreaterThanOrEqual(spool?.fsync.sum ?? Number.NaN);
  });
});
