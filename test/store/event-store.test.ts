import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeEventLog } from '#events';
import type { EventQuery, OutboxRow } from '#store';
import { ENGINES } from './support/engines.ts';
import { DAY, makeEvent, makeNewMessage, makeOutboxRow, makeRandom, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  const slice = (fields: Partial<EventQuery> = {}) => stores.events.query({ account: 1, ascending: true, limit: 100, ...fields });
  const query = async (fields: Partial<EventQuery> = {}) => (await slice(fields)).events;
  const ids = async (fields: Partial<EventQuery> = {}) => (await query(fields)).map(({ id }) => id);

  describe('append', () => {
    it('keeps each event once and moves the cursor with it', async () => {
      expect(await stores.events.cursor('log')).toBeUndefined();
      await stores.events.append('log', [makeOutboxRow(1), makeOutboxRow(2)]);
      await stores.events.append('log', [makeOutboxRow(1), makeOutboxRow(2), makeOutboxRow(3, { at: 1_700_000_000_000_001 })]);
      await stores.reopen();
      expect(await stores.events.cursor('log')).toMatchObject({ position: 3 });
      expect(await stores.events.cursor('webhooks')).toBeUndefined();
      expect(await query()).toEqual([
        { at: 1000, id: 'event1', body: '{"id":"event1"}' },
        { at: 1000, id: 'event2', body: '{"id":"event2"}' },
        { at: 1_700_000_000_000_001, id: 'event3', body: '{"id":"event3"}' },
      ]);
    });

    it('never moves the cursor back', async () => {
      await stores.events.append('log', [makeOutboxRow(7)]);
      await stores.events.append('log', [makeOutboxRow(5)]);
      await stores.events.append('log', []);
      expect(await stores.events.cursor('log')).toMatchObject({ position: 7 });
    });

    it('keeps nothing of a batch with a broken row', async () => {
      const broken = { ...makeOutboxRow(2, { domain: 'new.example' }), recipient: undefined } as unknown as OutboxRow;
      await expect(stores.events.append('log', [makeOutboxRow(1, { domain: 'new.example' }), broken])).rejects.toMatchObject({
        kind: 'failed',
      });
      expect(await ids()).toEqual([]);
      expect(await stores.events.cursor('log')).toBeUndefined();
      // The stream was rolled back with the batch; the number remembered for it must be forgotten.
      await stores.events.append('log', [makeOutboxRow(1, { domain: 'new.example' })]);
      expect(await ids({ domain: 'new.example' })).toEqual(['event1']);
    });
  });

  describe('appendOutbox', () => {
    it('takes what the spool has committed, in order and at most so much, and moves the cursor with it', async () => {
      for (const [index, id] of ['a', 'b', 'c'].entries())
        await stores.spool.put(makeNewMessage(10 * index + 10, [], { events: [makeEvent(id)] }));
      expect(await stores.events.appendOutbox('log', 0, 2)).toEqual({ count: 2, position: 2 });
      expect(await ids()).toEqual(['a', 'b']);
      expect(await stores.events.appendOutbox('log', 2, 2)).toEqual({ count: 1, position: 3 });
      expect(await stores.events.appendOutbox('log', 3, 2)).toEqual({ count: 0, position: 3 });
      await stores.reopen();
      expect(await ids()).toEqual(['a', 'b', 'c']);
      expect(await stores.events.cursor('log')).toMatchObject({ position: 3 });
    });

    it('keeps each event once when it is asked for the same rows again', async () => {
      await stores.spool.put(makeNewMessage(10, [], { events: [makeEvent('a')] }));
      await stores.events.appendOutbox('log', 0, 10);
      expect(await stores.events.appendOutbox('log', 0, 10)).toEqual({ count: 1, position: 1 });
      expect(await ids()).toEqual(['a']);
    });
  });

  describe('query', () => {
    const KINDS = [
      ['accepted', ''],
      ['delivered', ''],
      ['failed', 'temporary'],
      ['failed', 'permanent'],
    ] as const;

    /** Events in an order that is not theirs, many of them in the same µs. */
    function makeEvents(count: number, random: (limit: number) => number): OutboxRow[] {
      return Array.from({ length: count }, (_, index) => {
        const [event, severity] = KINDS[random(KINDS.length)] ?? KINDS[0];
        return makeOutboxRow(index + 1, {
          id: `e${random(1e9)}-${index}`,
          account: 1 + random(2),
          domain: `d${random(3)}.example`,
          at: 100 + random(60),
          event,
          severity,
          recipient: `r${random(4)}@x.example`,
          messageId: `m${random(5)}`,
        });
      });
    }

    /** What the contract says, the slow way. */
    function expected(rows: OutboxRow[], { account, ascending, limit, after, events, begin, end, ...equal }: EventQuery): string[] {
      const compare = (a: { at: number; id: string }, b: { at: number; id: string }) =>
        a.at - b.at || (a.id < b.id ? -1 : Number(a.id > b.id));
      const direction = ascending ? 1 : -1;
      return rows
        .filter((row) => row.account === account)
        .filter((row) => Object.entries(equal).every(([name, value]) => value === undefined || row[name as keyof OutboxRow] === value))
        .filter(
          (row) =>
            (begin === undefined || row.at >= begin) && (end === undefined || row.at <= end) && (!events || events.includes(row.event)),
        )
        .sort((a, b) => direction * compare(a, b))
        .filter((row) => !after || direction * compare(row, after) > 0)
        .slice(0, limit)
        .map(({ id }) => id);
    }

    it('answers every combination of filters, in both directions, as the contract says', async () => {
      const random = makeRandom(7);
      const maybe = <T>(value: T): T | undefined => (random(2) === 0 ? value : undefined);
      const rows = makeEvents(1500, random);
      for (let from = 0; from < rows.length; from += 100) await stores.events.append('log', rows.slice(from, from + 100));
      for (let round = 0; round < 400; round++) {
        const row = rows[random(rows.length)];
        const asked: EventQuery = {
          account: 1 + random(3),
          ascending: random(2) === 0,
          limit: [1, 10, 100, 1000][random(4)] ?? 1,
          domain: maybe(`d${random(4)}.example`),
          begin: maybe(100 + random(40)),
          end: maybe(110 + random(60)),
          after: row && maybe({ at: row.at, id: row.id }),
          events: maybe([['failed'], ['accepted', 'delivered'], ['opened'], []][random(4)] ?? []),
          recipient: maybe(`r${random(5)}@x.example`),
          messageId: maybe(`m${random(6)}`),
          severity: maybe(random(2) === 0 ? ('temporary' as const) : ('permanent' as const)),
        };
        expect(
          (await stores.events.query(asked)).events.map(({ id }) => id),
          JSON.stringify(asked),
        ).toEqual(expected(rows, asked));
      }
    });

    it('pages through everything once, also within one µs', async () => {
      const rows = Array.from({ length: 250 }, (_, index) =>
        makeOutboxRow(index + 1, { at: 5, event: index % 2 ? 'accepted' : 'delivered' }),
      );
      await stores.events.append('log', rows);
      const seen: string[] = [];
      for (let page = await query({ limit: 60 }); page.length > 0; page = await query({ limit: 60, after: page.at(-1) })) {
        seen.push(...page.map(({ id }) => id));
      }
      expect(seen).toEqual(rows.map(({ id }) => id).sort());
    });

    it('sees what was appended before it began', async () => {
      for (let seq = 1; seq <= 50; seq++) {
        await stores.events.append('log', [makeOutboxRow(seq)]);
        expect(await ids({ limit: 1000 })).toHaveLength(seq);
      }
    });
  });

  describe('a search by what is in events', () => {
    const rare = { field: 'tags', expression: { kind: 'term', text: 'rare', isLiteral: false } } as const;
    const append = async (count: number, tagsOf: (index: number) => string[]) => {
      const rows = Array.from({ length: count }, (_, index) =>
        makeOutboxRow(index + 1, { at: index, event: index % 3 ? 'accepted' : 'delivered', body: JSON.stringify({ tags: tagsOf(index) }) }),
      );
      for (let from = 0; from < count; from += 1000) await stores.events.append('log', rows.slice(from, from + 1000));
      return rows;
    };

    it('looks at a bounded number of events per call, and goes on where it stopped', async () => {
      const rows = await append(12_000, (index) => (index % 4000 === 3999 ? ['rare'] : ['usual']));
      const wanted = [3999, 7999, 11_999].map((index) => rows[index]?.id);
      const found: string[] = [];
      let calls = 0;
      for (let after: EventQuery['after'], isOver = false; !isOver; calls++) {
        const { events, stoppedAt } = await slice({ filters: [rare], after });
        found.push(...events.map(({ id }) => id));
        after = stoppedAt;
        isOver = stoppedAt === undefined;
      }
      expect([found, calls]).toEqual([wanted, 3]);
      const log = makeEventLog({ store: stores.events, clock: systemClock });
      const all = { account: 1, limit: 100, filters: [rare] };
      expect((await log.query({ ...all, ascending: true })).map(({ id }) => id)).toEqual(wanted);
      expect((await log.query({ ...all, ascending: false, limit: 2 })).map(({ id }) => id)).toEqual(wanted.slice(1).reverse());
      const [, second] = await log.query({ ...all, ascending: true });
      expect((await log.query({ ...all, ascending: true, after: second })).map(({ id }) => id)).toEqual(wanted.slice(2));
    });

    it('ends with a refusal when it looks for too long', async () => {
      await append(6000, () => []);
      let time = 0;
      const log = makeEventLog({ store: stores.events, clock: { now: () => 0, monotonic: () => (time += 70_000) } });
      await expect(log.query({ account: 1, limit: 1, ascending: true, filters: [rare] })).rejects.toMatchObject({ httpStatus: 400 });
    });

    it('costs nothing for names and severities: no event is read', async () => {
      const rows = await append(6000, () => []);
      const event = { field: 'event', expression: { kind: 'not', of: { kind: 'term', text: 'accepted', isLiteral: false } } } as const;
      const { events, stoppedAt } = await slice({ filters: [event], limit: 3000 });
      expect([events.length, stoppedAt]).toEqual([rows.filter((row) => row.event === 'delivered').length, undefined]);
    });
  });

  describe('sweep', () => {
    it('removes events after 30 days, a bounded number per call, and streams that are empty', async () => {
      const now = 1_700_000_000_000;
      const old = (now - 30 * DAY) * 1000;
      const rows = Array.from({ length: 1200 }, (_, index) =>
        makeOutboxRow(index + 1, { at: old - index, event: index < 900 ? 'accepted' : 'delivered' }),
      );
      const young = makeOutboxRow(5000, { at: old + 1 });
      await stores.events.append('log', [...rows, young]);
      expect(await stores.events.sweep(now)).toBe(true);
      expect(await ids({ limit: 5000 })).toHaveLength(701);
      while (await stores.events.sweep(now));
      expect(await ids()).toEqual([young.id]);
      await stores.events.append('log', [makeOutboxRow(6000, { event: 'delivered' })]);
      expect(await ids({ events: ['delivered'] })).toEqual(['event6000']);
    });
  });
});
