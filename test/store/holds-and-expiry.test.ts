/** What the scheduler asks of the store beside takes: holds, expired deliveries, and how many stand before one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVERY_ACCOUNT } from '#store';
import { ENGINES } from './support/engines.ts';
import { makeDelivery, makeMessage, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  it('keeps holds over a reopen, with the fields that were given, until they are removed', async () => {
    const base = { account: 1, reason: 'why', at: 5 };
    const operators = [
      { ...base, account: 2, isOperators: true },
      { ...base, account: EVERY_ACCOUNT, isOperators: true, site: 's' },
    ];
    const holds = [
      ...operators,
      base,
      { ...base, domain: 'a.example' },
      { ...base, account: 2, destination: 'b.example', site: 's', message: 7 },
    ];
    const ids: number[] = [];
    for (const hold of holds) ids.push(await stores.spool.putHold(hold));
    await stores.reopen();
    expect(await stores.spool.holds()).toEqual(holds.map((hold, index) => ({ ...hold, id: ids[index] })));
    await stores.spool.removeHolds(ids.slice(0, 4));
    expect((await stores.spool.holds()).map(({ id }) => id)).toEqual([ids[4]]);
  });

  describe('expired', () => {
    it('walks open deliveries of old messages by message and id, in parts', async () => {
      for (const [id, expiresAt] of [
        [10, 500],
        [20, 900],
        [30, 500],
        [40, 500],
      ] as const) {
        const deliveries = [1, 2, 3].map((offset) => makeDelivery(id + offset, 100));
        await stores.spool.put({ message: makeMessage(id, { expiresAt }), deliveries, events: [] });
      }
      const part = (message: number, id: number, limit = 100) => stores.spool.expired(500, { message, id }, 40, limit);
      const from = async (message: number, id: number, limit = 100) => (await part(message, id, limit)).rows;
      expect((await part(0, 0)).next).toBeUndefined();
      expect((await part(0, 0, 2)).next).toEqual({ message: 10, id: 12 });
      expect((await from(0, 0)).map(({ id }) => id)).toEqual([11, 12, 13, 31, 32, 33]);
      expect((await from(0, 0, 2)).map(({ id }) => id)).toEqual([11, 12]);
      const [next] = await from(10, 12);
      expect(next).toMatchObject({ id: 13, message: 10, destinationName: 'gmail.example', attempts: 0, due: 100 });
      expect(await stores.spool.expired(499, { message: 0, id: 0 }, 40, 100)).toEqual({ rows: [], next: undefined });
    });

    it('looks at a bounded number of rows at once, and comes to the end of a long queue', async () => {
      const MESSAGES = 25;
      for (let index = 1; index <= MESSAGES; index++) {
        const deliveries = Array.from({ length: 1000 }, (_item, offset) => makeDelivery(index * 10_000 + 1 + offset, 100));
        await stores.spool.put({
          message: makeMessage(index * 10_000, { expiresAt: index === MESSAGES ? 500 : 900 }),
          deliveries,
          events: [],
        });
      }
      const first = await stores.spool.expired(500, { message: 0, id: 0 }, 1e6, 1000);
      expect(first.rows).toEqual([]);
      if (first.next === undefined) throw new Error('the walk ended early');
      const second = await stores.spool.expired(500, first.next, 1e6, 1001);
      expect(second).toMatchObject({ rows: { length: 1000 }, next: undefined });
    });
  });

  it('counts what stands before a delivery in its flow, up to a limit', async () => {
    const deliveries = [
      makeDelivery(11, 100),
      makeDelivery(12, 50),
      makeDelivery(13, 100),
      makeDelivery(14, 10, 'x@other.example'),
      makeDelivery(15, 10, 'x@gmail.example', { priority: 2 }),
    ];
    const put = await stores.spool.put({ message: makeMessage(10), deliveries, events: [] });
    const ahead = (index: number, limit = 10) => {
      const row = put[index];
      if (row === undefined) throw new Error('no row');
      return stores.spool.countAhead(row, limit);
    };
    expect(await Promise.all([0, 1, 2, 3, 4].map((index) => ahead(index)))).toEqual([1, 0, 2, 0, 0]);
    expect(await ahead(2, 1)).toBe(1);
  });

  it('keeps restrictions over a reopen, one for each subject and rule, and sweeps those that are over', async () => {
    const row = (subject: string, rule: string, until: number) => ({ subject, rule, until, body: `{"until":${until}}` });
    for (const restriction of [row('a', '1', 100), row('a', '2', 300), row('b', '1', 200), row('a', '1', 400)]) {
      await stores.spool.saveRestriction(restriction);
    }
    await stores.reopen();
    expect(await stores.spool.restrictions(200, 10)).toEqual([row('a', '1', 400), row('a', '2', 300)]);
    expect(await stores.spool.restrictions(0, 2)).toEqual([row('a', '1', 400), row('a', '2', 300)]);
    await stores.spool.sweep(300);
    expect(await stores.spool.restrictions(0, 10)).toEqual([row('a', '1', 400)]);
  });

  it('walks what is due later, by due time and time of acceptance, in parts', async () => {
    for (const [id, acceptedAt] of [
      [10, 100],
      [20, 900],
      [30, 900],
    ] as const) {
      const deliveries = [50, 500, 700].map((due, index) => makeDelivery(id + 1 + index, due));
      await stores.spool.put({ message: makeMessage(id, { acceptedAt }), deliveries, events: [] });
    }
    const part = (times: { due: number; accepted: number }, after = { message: 0, id: 0 }, limit = 100) =>
      stores.spool.dueAfter(times, after, limit);
    const idsOf = ({ rows }: Awaited<ReturnType<typeof part>>) => rows.map(({ id }) => id);
    expect(idsOf(await part({ due: 499, accepted: 0 }))).toEqual([12, 13, 22, 23, 32, 33]);
    const newer = await part({ due: 500, accepted: 899 });
    expect(newer.rows.map(({ id, due, acceptedAt }) => [id, due, acceptedAt])).toEqual([
      [23, 700, 900],
      [33, 700, 900],
    ]);
    expect(newer.next).toBeUndefined();
    const first = await part({ due: 499, accepted: 0 }, { message: 0, id: 0 }, 4);
    expect(idsOf(first)).toEqual([12, 13, 22, 23]);
    expect(idsOf(await part({ due: 499, accepted: 0 }, first.next))).toEqual([32, 33]);
  });
});
