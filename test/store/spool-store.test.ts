import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '#core';
import type { DeliveryKey, Settlement } from '#store';
import { ENGINES } from './support/engines.ts';
import { DAY, makeDelivery, makeEvent, makeMessage, makeNewMessage, type TestStores, watchSpool } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  const START = { due: 0, id: 0 };
  const LAST = { firstAttemptAt: 5, code: 450, enhancedCode: '4.2.0', message: 'later', mxHost: 'mx.example' };

  const keyOf = ({ destination, account, priority, due, id }: Delivery): DeliveryKey => ({ destination, account, priority, due, id });
  const done = (delivery: Delivery, at = 50, ...ids: string[]): Settlement => ({
    kind: 'done',
    key: keyOf(delivery),
    message: delivery.message,
    at,
    events: ids.map((id) => makeEvent(id)),
  });
  const put = (id: number, dues?: number[], fields = {}) => stores.spool.put(makeNewMessage(id, dues, fields));
  const first = async (deliveries: Promise<Delivery[]>): Promise<Delivery> => {
    const [delivery] = await deliveries;
    if (!delivery) throw new Error('nothing was put');
    return delivery;
  };
  const outboxIds = async () => (await stores.spool.outbox(0, 100)).map(({ id }) => id);

  describe('put and message', () => {
    it('give back exactly what was put, also after a reopen', async () => {
      const message = makeMessage(100);
      await stores.spool.put({ message, deliveries: [makeDelivery(101, 10)], events: [] });
      await stores.reopen();
      const read = await stores.spool.message(100);
      expect(read).toEqual({
        ...message,
        head: new Uint8Array(message.head),
        body: { kind: 'inline', bytes: new Uint8Array(Buffer.from('Hi\r\n')) },
      });
      expect(await stores.spool.message(101)).toBeUndefined();
    });

    it('copy only the bytes of a view, not the buffer behind it', async () => {
      const large = Buffer.alloc(1_000_000, 'x');
      await put(100, [10], {
        message: makeMessage(100, { head: large.subarray(10, 14), body: { kind: 'inline', bytes: large.subarray(0, 3) } }),
      });
      const read = await stores.spool.message(100);
      expect(read?.head.buffer.byteLength).toBe(4);
      expect(read?.body).toEqual({ kind: 'inline', bytes: new Uint8Array([120, 120, 120]) });
    });

    it('name the flow of each delivery, in order', async () => {
      const deliveries = [
        makeDelivery(101, 10, 'a@x.example'),
        makeDelivery(102, 20, 'b@y.example', { priority: 1 }),
        makeDelivery(103, 30, 'c@x.example'),
      ];
      const flows = await put(100, [], { deliveries });
      expect(flows).toMatchObject(deliveries.map((delivery) => ({ ...delivery, account: 1, message: 100, attempts: 0 })));
      expect(flows[0]?.destination).toBe(flows[2]?.destination);
      expect(flows[0]?.destination).not.toBe(flows[1]?.destination);
    });

    it('keep nothing of a message whose id is taken', async () => {
      await put(100);
      const attempt = put(100, [10], {
        deliveries: [makeDelivery(500, 1, 'a@new.example')],
        events: [makeEvent('e')],
        usageDay: '2026-01-01',
      });
      await expect(attempt).rejects.toMatchObject({ name: 'StoreError', kind: 'conflict' });
      expect(await outboxIds()).toEqual([]);
      expect(await stores.spool.usage(1, 'sender.example', '2026-01-01')).toBe(0);
      expect(await stores.spool.list({ account: 1, limit: 10 })).toHaveLength(1);
      // The destination's number was rolled back with it; a later put must not meet the forgotten one.
      const delivery = await first(put(200, [], { deliveries: [makeDelivery(201, 1, 'a@new.example')] }));
      const taken = await stores.spool.take(delivery, START, 10, 10);
      expect(taken.rows).toMatchObject([{ id: 201, destinationName: 'new.example' }]);
    });

    it('charge the usage of the day', async () => {
      await put(100, [1], { usageDay: '2026-01-01' });
      await put(200, [1, 2], { usageDay: '2026-01-01' });
      await put(300, [1]);
      expect(await stores.spool.usage(1, 'sender.example', '2026-01-01')).toBe(3);
      expect(await stores.spool.usage(2, 'sender.example', '2026-01-01')).toBe(0);
      expect(await stores.spool.usage(1, 'sender.example', '2026-01-02')).toBe(0);
    });

    it('remember the largest id, also when its rows are gone', async () => {
      expect(await stores.spool.largestId()).toBe(0);
      const delivery = await first(put(100, [10]));
      await put(50, [10]);
      await stores.settle([done(delivery)]);
      expect(await stores.spool.largestId()).toBe(101);
    });
  });

  describe('take', () => {
    it('gives the due rows of one flow in order, and when the next is due', async () => {
      const flow = await first(put(100, [30, 10, 20, 99]));
      await put(200, [5], { message: makeMessage(200, { account: 2 }) });
      const ids = async (after: typeof START, now: number, limit: number) => {
        const { rows, nextDue } = await stores.spool.take(flow, after, now, limit);
        return [rows.map(({ id }) => id), nextDue];
      };
      expect(await ids(START, 25, 10)).toEqual([[102, 103], 30]);
      expect(await ids(START, 50, 2)).toEqual([[102, 103], 30]);
      expect(await ids({ due: 20, id: 103 }, 50, 10)).toEqual([[101], 99]);
      expect(await ids({ due: 20, id: 102 }, 50, 1)).toEqual([[103], 30]);
      expect(await ids(START, 5, 10)).toEqual([[], 10]);
      expect(await ids({ due: 99, id: 104 }, 500, 10)).toEqual([[], undefined]);
      expect(await stores.spool.take({ ...flow, destination: 77 }, START, 50, 10)).toEqual({ rows: [], nextDue: undefined });
    });

    it('finds all flows by their heads, in pages', async () => {
      await put(100, [], {
        deliveries: [makeDelivery(101, 30, 'a@x.example'), makeDelivery(102, 20, 'b@x.example'), makeDelivery(103, 7, 'c@y.example')],
      });
      await put(200, [], { message: makeMessage(200, { account: 2 }), deliveries: [makeDelivery(201, 9, 'a@x.example', { priority: 2 })] });
      const all = await stores.spool.flowHeads(undefined, 10);
      expect(all).toMatchObject([
        { destinationName: 'x.example', account: 1, priority: 0, due: 20 },
        { destinationName: 'x.example', account: 2, priority: 2, due: 9 },
        { destinationName: 'y.example', account: 1, priority: 0, due: 7 },
      ]);
      expect(await stores.spool.flowHeads(undefined, 2)).toEqual(all.slice(0, 2));
      expect(await stores.spool.flowHeads(all[1], 2)).toEqual(all.slice(2));
    });
  });

  describe('settle', () => {
    it('moves a deferred row with its attempts and reply', async () => {
      const delivery = await first(put(100, [10]));
      const settled = await stores.settle([
        { kind: 'defer', key: keyOf(delivery), message: 100, due: 500, attempts: 1, last: LAST, events: [makeEvent('deferred')] },
      ]);
      expect(settled).toEqual([true]);
      expect(await stores.spool.take(delivery, START, 499, 10)).toEqual({ rows: [], nextDue: 500 });
      const { rows } = await stores.spool.take(delivery, START, 500, 10);
      expect(rows).toEqual([{ ...delivery, due: 500, attempts: 1, last: LAST }]);
      expect(await outboxIds()).toEqual(['deferred']);
      const back: Settlement = {
        kind: 'defer',
        key: keyOf({ ...delivery, due: 500 }),
        message: 100,
        due: 600,
        attempts: 1,
        last: undefined,
        events: [],
      };
      expect(await stores.settle([back])).toEqual([true]);
      expect((await stores.spool.take(delivery, START, 600, 10)).rows[0]).not.toHaveProperty('last');
    });

    it('writes nothing for a row that is gone, and says so per settlement', async () => {
      const [a, b] = (await put(100, [10, 20])) as [Delivery, Delivery];
      expect(await stores.settle([done(a, 50, 'a1')])).toEqual([true]);
      const stale: Settlement = { kind: 'defer', key: keyOf(a), message: 100, due: 9, attempts: 1, last: LAST, events: [makeEvent('a3')] };
      expect(await stores.settle([done(a, 60, 'a2'), stale, done(b, 70, 'b1', 'b2')])).toEqual([false, false, true]);
      expect(await outboxIds()).toEqual(['a1', 'b1', 'b2']);
      expect(await stores.spool.list({ account: 1, limit: 10 })).toEqual([]);
    });

    it('cancels by the rows that list() finds, once', async () => {
      await put(100, [10, 20]);
      const rows = await stores.spool.list({ account: 1, message: 100, limit: 10 });
      const cancel = () => stores.settle(rows.map((row) => done(row, 5, `cancelled${row.id}`)));
      expect((await Promise.all([cancel(), cancel()])).flat().sort()).toEqual([false, false, true, true]);
      expect((await outboxIds()).sort()).toEqual(['cancelled101', 'cancelled102']);
    });
  });

  describe('the lease', () => {
    it('has a larger epoch each time that the deliveries get an owner', async () => {
      const first = await stores.spool.lease();
      expect(await stores.spool.lease()).toEqual(first);
      await stores.reopen();
      const second = await stores.spool.lease();
      expect(second.flows).toBe(first.flows);
      expect(second.epoch).toBeGreaterThan(first.epoch);
    });

    it('lets settle who has it, and nobody who had it before', async () => {
      const old = await stores.spool.lease();
      const [one, two] = await put(100, [10, 20]);
      if (one === undefined || two === undefined) throw new Error('two deliveries were put');
      await stores.reopen();
      const refused = stores.spool.settle(old, [done(one, 50, 'never'), done(two, 50)]);
      await expect(refused).rejects.toMatchObject({
        name: 'StoreError',
        kind: 'superseded',
        message: expect.stringContaining('another owner'),
      });
      expect((await stores.spool.list({ account: 1, limit: 10 })).map(({ id }) => id)).toEqual([one.id, two.id]);
      expect(await outboxIds()).toEqual([]);
      expect(await stores.spool.settle(await stores.spool.lease(), [done(one, 50, 'ended')])).toEqual([true]);
      expect(await outboxIds()).toEqual(['ended']);
    });
  });

  describe('the backlog', () => {
    it('counts what each account has waiting, across a reopen', async () => {
      const [first, second] = await stores.spool.put(makeNewMessage(10, [1, 2], { message: makeMessage(10, { size: 500 }) }));
      await stores.spool.put(makeNewMessage(20, [1], { message: makeMessage(20, { size: 70, account: 2 }) }));
      if (first === undefined || second === undefined) throw new Error('two deliveries were put');
      const told = await watchSpool(stores.spool);
      expect(told.backlog(1)).toEqual({ deliveries: 2, bytes: 500 });
      expect(await stores.settle([done(first), done(first)])).toEqual([true, false]);
      const expected = [
        { deliveries: 1, bytes: 500 },
        { deliveries: 1, bytes: 70 },
        { deliveries: 0, bytes: 0 },
      ];
      expect([1, 2, 3].map(told.backlog)).toEqual(expected);
      await stores.reopen();
      const again = await watchSpool(stores.spool);
      expect([1, 2, 3].map(again.backlog)).toEqual(expected);
      await stores.settle([done(second)]);
      expect(again.backlog(1)).toEqual({ deliveries: 0, bytes: 0 });
    });

    it('leaves out what was not kept, and defers', async () => {
      await stores.spool.put(makeNewMessage(10, [1]));
      const [first] = await stores.spool.put(makeNewMessage(20, [1]));
      await Promise.allSettled([stores.spool.put(makeNewMessage(10, [5])), stores.spool.put(makeNewMessage(30, []))]);
      if (first === undefined) throw new Error('a delivery was put');
      await stores.settle([{ kind: 'defer', key: first, message: 20, due: 50, attempts: 1, last: undefined, events: [] }]);
      expect((await watchSpool(stores.spool)).backlog(1)).toEqual({ deliveries: 2, bytes: 44 });
      await stores.reopen();
      const told = await watchSpool(stores.spool);
      expect(told.backlog(1)).toEqual({ deliveries: 2, bytes: 44 });
      await stores.spool.probe();
      expect(told.health).toBe('ok');
    });

    it('is told before the promise of the commit resolves, until the watch ends', async () => {
      const told = await watchSpool(stores.spool);
      expect(told).toMatchObject({ health: 'ok' });
      await stores.spool.put(makeNewMessage(10, [1], { message: makeMessage(10, { size: 500 }) }));
      expect(told.backlog(1)).toEqual({ deliveries: 1, bytes: 500 });
      told.end();
      await stores.spool.put(makeNewMessage(20, [1], { message: makeMessage(20, { size: 70 }) }));
      expect(told.backlog(1)).toEqual({ deliveries: 1, bytes: 500 });
      expect((await watchSpool(stores.spool)).backlog(1)).toEqual({ deliveries: 2, bytes: 570 });
    });
  });

  describe('outbox', () => {
    it('takes events that belong to no message of the spool', async () => {
      await stores.spool.putEvents([makeEvent('alone'), makeEvent('another')]);
      await stores.reopen();
      expect(await outboxIds()).toEqual(['alone', 'another']);
    });

    it('is read in commit order and trimmed; positions are never used again', async () => {
      await put(100, [10], { events: [makeEvent('a', { at: 1_700_000_000_000_000 }), makeEvent('b')] });
      await put(200, [10], { events: [makeEvent('c')] });
      const rows = await stores.spool.outbox(0, 2);
      expect(rows).toEqual([
        { ...makeEvent('a', { at: 1_700_000_000_000_000 }), seq: 1 },
        { ...makeEvent('b'), seq: 2 },
      ]);
      expect((await stores.spool.outbox(2, 10)).map(({ id }) => id)).toEqual(['c']);
      await stores.spool.trimOutbox(3);
      await stores.reopen();
      await put(300, [10], { events: [makeEvent('d')] });
      expect(await stores.spool.outbox(0, 10)).toEqual([{ ...makeEvent('d'), seq: 4 }]);
    });
  });

  describe('list', () => {
    beforeEach(async () => {
      await put(100, [], {
        deliveries: [makeDelivery(101, 30, 'a@x.example'), makeDelivery(102, 20, 'b@y.example'), makeDelivery(103, 10, 'c@x.example')],
      });
      await put(200, [], { message: makeMessage(200, { domain: 'other.example' }), deliveries: [makeDelivery(201, 5, 'a@x.example')] });
      await put(300, [], { message: makeMessage(300, { account: 2 }), deliveries: [makeDelivery(301, 5, 'a@x.example')] });
    });
    const ids = async (filter: object) => (await stores.spool.list({ account: 1, limit: 10, ...filter })).map(({ id }) => id);

    it('shows what an operator asks for', async () => {
      expect((await stores.spool.list({ account: 1, limit: 1 }))[0]).toMatchObject({
        id: 101,
        message: 100,
        recipient: 'a@x.example',
        destinationName: 'x.example',
        due: 30,
        attempts: 0,
        domain: 'sender.example',
        sender: 'from@sender.example',
        subject: 'Subject of 100',
        messageId: '100@sender.example',
        size: 22,
        acceptedAt: 1000,
        expiresAt: 2000,
      });
    });

    it.each([
      [{}, [101, 102, 103, 201]],
      [{ limit: 2 }, [101, 102]],
      [{ after: 102 }, [103, 201]],
      [{ domain: 'other.example' }, [201]],
      [{ destination: 'x.example' }, [101, 103, 201]],
      [{ destination: 'x.example', after: 101, limit: 1 }, [103]],
      [{ destination: 'nowhere.example' }, []],
      [{ recipient: 'a@x.example' }, [101, 201]],
      [{ recipient: 'a@x.example', domain: 'sender.example' }, [101]],
      [{ recipient: 'a@x.example', destination: 'y.example' }, []],
      [{ message: 100 }, [101, 102, 103]],
      [{ message: 100, after: 101, destination: 'x.example' }, [103]],
      [{ message: 300 }, []],
      [{ account: 2 }, [301]],
    ])('filters by %j', async (filter, expected) => {
      expect(await ids(filter)).toEqual(expected);
    });

    it('finds the same when a destination is too large to sort', async () => {
      const deliveries = Array.from({ length: 6000 }, (_, index) => makeDelivery(1000 + index, 6000 - index, `u${index}@big.example`));
      await put(999, [], { deliveries });
      expect(await ids({ destination: 'big.example', after: 1001, limit: 3 })).toEqual([1002, 1003, 1004]);
      expect(await ids({ recipient: 'u5999@big.example' })).toEqual([6999]);
    });
  });

  describe('sweep', () => {
    it('keeps a message until 3 days after its last recipient settled', async () => {
      const [a, b] = (await put(100, [10, 20])) as [Delivery, Delivery];
      await stores.settle([done(a, 1000)]);
      await stores.spool.sweep(1000 + 30 * DAY);
      expect(await stores.spool.message(100)).toBeDefined();
      await stores.settle([done(b, 2000)]);
      await stores.spool.sweep(1999 + 3 * DAY);
      expect(await stores.spool.message(100)).toBeDefined();
      expect(await stores.spool.sweep(2000 + 3 * DAY)).toBe(false);
      expect(await stores.spool.message(100)).toBeUndefined();
    });

    it('lets go of a message that was for nobody', async () => {
      await put(100, []);
      await stores.spool.sweep(1000 + 3 * DAY);
      expect(await stores.spool.message(100)).toBeUndefined();
    });

    it('removes old usage and unused destinations, whose numbers are not used again', async () => {
      const delivery = await first(put(100, [10], { usageDay: '2026-01-01' }));
      await put(200, [10], { usageDay: '2026-01-03', deliveries: [makeDelivery(201, 1, 'a@kept.example')] });
      await stores.settle([done(delivery, 1)]);
      expect(await stores.spool.sweep(Date.parse('2026-01-04T12:00:00Z'))).toBe(false);
      expect(await stores.spool.usage(1, 'sender.example', '2026-01-01')).toBe(0);
      expect(await stores.spool.usage(1, 'sender.example', '2026-01-03')).toBe(1);
      expect((await stores.spool.flowHeads(undefined, 10)).map(({ destinationName }) => destinationName)).toEqual(['kept.example']);
      const again = await first(put(300, [10]));
      expect(again.destination).toBeGreaterThan(delivery.destination + 1);
    });

    it('removes a bounded number of rows per call', async () => {
      await Promise.all(Array.from({ length: 1200 }, (_, index) => put(1 + index, [])));
      const now = 1000 + 3 * DAY;
      const left = async () => {
        const found = await Promise.all(Array.from({ length: 1200 }, (_, index) => stores.spool.message(1 + index)));
        return found.filter((message) => message !== undefined).length;
      };
      expect(await stores.spool.sweep(now)).toBe(true);
      expect(await left()).toBe(700);
      while (await stores.spool.sweep(now));
      expect(await left()).toBe(0);
    });
  });

  describe('close', () => {
    it('answers what waits and refuses what comes later', async () => {
      const waiting = put(100);
      const closing = stores.close();
      await expect(put(200)).rejects.toMatchObject({ kind: 'closed' });
      await expect(waiting).resolves.toHaveLength(1);
      await closing;
      await expect(stores.spool.message(100)).rejects.toMatchObject({ kind: 'closed' });
      await expect(stores.spool.list({ account: 1, limit: 1 })).rejects.toMatchObject({ kind: 'closed' });
      await expect(stores.events.cursor('log')).rejects.toMatchObject({ kind: 'closed' });
      await stores.reopen();
      expect(await stores.spool.message(100)).toBeDefined();
      expect(await stores.spool.message(200)).toBeUndefined();
    });
  });
});
