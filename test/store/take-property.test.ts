/**
 * A scheduler reduced to its rules, against the store: it keeps a cursor per flow, lowers it to what a put or a deferral brings,
 * and drops what it holds already. Whatever the order of puts, takes, deferrals and settlements, every row is handed out exactly
 * once per time it falls due, and none is forgotten.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery, FlowKey, Priority } from '#core';
import type { Cursor } from '#store';
import { ENGINES } from './support/engines.ts';
import { makeDelivery, makeMessage, makeRandom, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  const nameOf = ({ destination, account, priority }: FlowKey) => `${destination}/${account}/${priority}`;
  const isBefore = (a: Cursor, b: Cursor) => a.due < b.due || (a.due === b.due && a.id < b.id);
  /** The cursor just before a row, so that the next take meets it. */
  const cursorBefore = ({ due, id }: Cursor): Cursor => ({ due, id: id - 1 });

  function makeScheduler() {
    const flows = new Map<string, { key: FlowKey; cursor: Cursor }>();
    const held = new Map<number, Delivery>();
    const handedOut: { id: number; due: number }[] = [];

    return {
      held,
      handedOut,
      learn(row: FlowKey & Cursor) {
        const flow = flows.get(nameOf(row));
        if (!flow) flows.set(nameOf(row), { key: row, cursor: cursorBefore(row) });
        else if (isBefore(cursorBefore(row), flow.cursor)) flow.cursor = cursorBefore(row);
      },
      async take(now: number, limit: number, pick: (limit: number) => number) {
        const flow = [...flows.values()][pick(flows.size)];
        if (!flow) return;
        const asked = flow.cursor;
        const { rows } = await stores.spool.take(flow.key, asked, now, limit);
        const last = rows.at(-1);
        // A cursor that was lowered while the answer was on its way stays lowered.
        if (last && flow.cursor === asked) flow.cursor = { due: last.due, id: last.id };
        for (const row of rows) {
          if (held.has(row.id)) continue;
          held.set(row.id, row);
          handedOut.push({ id: row.id, due: row.due });
        }
      },
      async finish(row: Delivery, deferTo: number | undefined) {
        const { message, destination, account, priority, due, id } = row;
        const key = { destination, account, priority, due, id };
        const last = { firstAttemptAt: 1, code: 450, enhancedCode: '', message: '' };
        const [found] = await stores.settle([
          deferTo === undefined
            ? { kind: 'done', key, message, at: 1, events: [] }
            : { kind: 'defer', key, message, due: deferTo, attempts: row.attempts + 1, last, events: [] },
        ]);
        held.delete(id);
        if (deferTo !== undefined) this.learn({ ...key, due: deferTo });
        return found;
      },
    };
  }

  describe('take under any interleaving', () => {
    it.each([1, 2, 3, 4, 5])('hands every row out exactly once per due time (seed %i)', async (seed) => {
      const random = makeRandom(seed);
      const scheduler = makeScheduler();
      const expected: string[] = [];
      let nextId = 1;
      let now = 1000;

      const put = async () => {
        const account = 1 + random(2);
        const id = nextId;
        const deliveries = Array.from({ length: 1 + random(4) }, (_, index) =>
          // Dues in the past, now and in the future: a row may land behind a cursor that has already passed.
          makeDelivery(id + 1 + index, now - 300 + random(600), `u@d${random(3)}.example`, { priority: random(2) as Priority }),
        );
        nextId += 1 + deliveries.length;
        for (const row of await stores.spool.put({ message: makeMessage(id, { account }), deliveries, events: [] })) {
          expected.push(`${row.id}@${row.due}`);
          scheduler.learn(row);
        }
      };
      const finish = async () => {
        const rows = [...scheduler.held.values()].filter(({ id }) => !finishing.has(id));
        const row = rows[random(rows.length)];
        if (!row) return;
        finishing.add(row.id);
        const deferTo = random(3) === 0 && row.attempts < 3 ? row.due + 1 + random(400) : undefined;
        if (deferTo !== undefined) expected.push(`${row.id}@${deferTo}`);
        expect(await scheduler.finish(row, deferTo)).toBe(true);
        finishing.delete(row.id);
      };
      const finishing = new Set<number>();

      for (let round = 0; round < 150; round++) {
        now += random(20);
        // Several at once, so that they meet in one group commit in every order.
        await Promise.all(
          Array.from({ length: 1 + random(6) }, () => [put, finish, () => scheduler.take(now, 1 + random(5), random)][random(3)]?.()),
        );
      }
      now += 100_000;
      const open = () =>
        stores.spool
          .list({ account: 1, limit: 1 })
          .then(async (rows) => rows.length + (await stores.spool.list({ account: 2, limit: 1 })).length);
      while ((await open()) > 0) {
        await scheduler.take(now, 50, random);
        while (scheduler.held.size > 0) await finish();
      }
      expect(scheduler.handedOut.map(({ id, due }) => `${id}@${due}`).sort()).toEqual(expected.sort());
      expect(await stores.spool.flowHeads(undefined, 10)).toEqual([]);
    });
  });
});
