import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '#core';
import { ENGINES } from './support/engines.ts';
import { makeDelivery, makeMessage, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  const START = { due: 0, id: 0 };
  const merge = { templateVariables: { greeting: 'Hi %recipient.name%' } };
  const variables = { name: 'Bób', 'v:x': 1, nested: { a: [null, true] }, ['__proto__']: 'own' };

  /** A batch: one recipient with everything, one with variables that are none, one beside it that has nothing. */
  async function putBatch(): Promise<Delivery[]> {
    return await stores.spool.put({
      message: makeMessage(100, { merge }),
      deliveries: [
        { ...makeDelivery(101, 10, 'bob@x.example'), recipientName: 'Bób', recipientVariables: variables },
        { ...makeDelivery(102, 11, 'eve@x.example'), recipientVariables: {} },
        makeDelivery(103, 12, 'joe@x.example'),
      ],
      events: [],
    });
  }

  const shown = ({ recipientName, recipientVariables }: Delivery) => ({ recipientName, recipientVariables });
  const ALL = [{ recipientName: 'Bób', recipientVariables: variables }, { recipientVariables: {} }, {}];

  describe('variables of recipients', () => {
    it('are with the message and its deliveries wherever they are read, after a reopen too', async () => {
      const [delivery] = await putBatch();
      if (delivery === undefined) throw new Error('nothing was put');
      expect(shown(delivery)).toEqual(ALL[0]);
      await stores.reopen();
      expect((await stores.spool.message(100))?.merge).toEqual(merge);
      expect((await stores.spool.take(delivery, START, 100, 10)).rows.map(shown)).toEqual(ALL);
      expect((await stores.spool.list({ account: 1, limit: 10 })).map(shown)).toEqual(ALL);
      expect((await stores.spool.list({ account: 1, message: 100, limit: 10 })).map(shown)).toEqual(ALL);
      const expired = await stores.spool.expired(Number.MAX_SAFE_INTEGER, { message: 0, id: 0 }, 1000, 10);
      expect(expired.rows.map(shown)).toEqual(ALL);
    });

    it('stay with a delivery that is deferred', async () => {
      const [delivery] = await putBatch();
      if (delivery === undefined) throw new Error('nothing was put');
      const { destination, account, priority, due, id } = delivery;
      const key = { destination, account, priority, due, id };
      await stores.settle([{ kind: 'defer', key, message: 100, due: 500, attempts: 1, last: undefined, events: [] }]);
      const { rows } = await stores.spool.take(delivery, { due: 400, id: 0 }, 500, 10);
      expect(rows.map((row) => [row.id, shown(row)])).toEqual([[101, ALL[0]]]);
    });

    it('that are large come a few rows at a time, one row at least', async () => {
      const sizes = [100_000, 100_000, 100_000, 300_000, 10];
      const [first] = await stores.spool.put({
        message: makeMessage(100, { merge }),
        deliveries: sizes.map((size, index) => ({
          ...makeDelivery(101 + index, 10 + index, 'bob@x.example'),
          recipientVariables: { a: 'x'.repeat(size) },
        })),
        events: [],
      });
      if (first === undefined) throw new Error('nothing was put');
      expect(first.variablesSize).toBe(100_008);
      const read: number[][] = [];
      let after = START;
      for (let due: number | undefined = 0; due !== undefined; ) {
        const { rows, nextDue } = await stores.spool.take(first, after, 1000, 10);
        read.push(rows.map(({ id }) => id));
        expect(rows.map(({ variablesSize }) => variablesSize)).toEqual(rows.map(({ id }) => (sizes[id - 101] ?? 0) + 8));
        const last = rows.at(-1);
        after = { due: last?.due ?? 0, id: last?.id ?? 0 };
        due = nextDue;
      }
      expect(read).toEqual([[101, 102], [103], [104], [105]]);
    });

    it('are nothing to an ordinary message', async () => {
      await stores.spool.put({ message: makeMessage(100), deliveries: [makeDelivery(101, 10)], events: [] });
      expect(await stores.spool.message(100)).not.toHaveProperty('merge');
      const [row] = await stores.spool.list({ account: 1, limit: 1 });
      expect(row).not.toHaveProperty('recipientName');
      expect(row).not.toHaveProperty('recipientVariables');
    });
  });
});
