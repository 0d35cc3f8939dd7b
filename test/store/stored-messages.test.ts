/** Stored messages and idempotency keys: whose they are, how long they stay, and that deleted means gone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Body, type Delivery, makeStorageKey, recipientStorageKey } from '#core';
import type { IdempotencyRecord, NewMessage } from '#store';
import { ENGINES } from './support/engines.ts';
import { DAY, makeDelivery, makeMessage, makeNewMessage, type TestStores, watchSpool } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  /** Puts message `id` with one open delivery, and gives the name its owner knows it by. */
  async function putStored(id: number, more: Partial<NewMessage> = {}, body: Body = { kind: 'inline', bytes: Buffer.from('Hi\r\n') }) {
    const key = makeStorageKey(id);
    const message = makeMessage(id, { body });
    message.facts = { ...message.facts, storageKey: key };
    const [delivery] = await stores.spool.put({ message, deliveries: [makeDelivery(id + 1, 10)], events: [], ...more });
    if (delivery === undefined) throw new Error('no delivery');
    return { delivery, stored: { account: 1, domain: 'sender.example', key } };
  }
  const end = (delivery: Awaited<ReturnType<typeof putStored>>['delivery'], at: number) =>
    stores.settle([{ kind: 'done', key: delivery, message: delivery.message, at, events: [] }]);

  async function bigBody(): Promise<{ body: Body; path: string }> {
    const writer = stores.spool.newBody();
    await writer.write(Buffer.alloc(200_000, 65));
    const body = await writer.finish();
    const name = body.kind === 'file' ? body.name : '';
    return { body, path: join(stores.dataDir, 'spool', name.slice(0, 2), name) };
  }

  describe('a stored message', () => {
    it('is found by its key, by its owner alone, also after a restart', async () => {
      const { stored } = await putStored(1000);
      await stores.reopen();
      expect(await stores.spool.stored(stored, 5000)).toMatchObject({ id: 1000, facts: { storageKey: stored.key } });
      for (const wrong of [
        { account: 2 },
        { domain: 'other.example' },
        { key: makeStorageKey(1000) },
        { key: stored.key.toLowerCase() },
        { key: 'key' },
        { key: '' },
      ]) {
        expect(await stores.spool.stored({ ...stored, ...wrong }, 5000)).toBeUndefined();
        expect(await stores.spool.removeStored({ ...stored, ...wrong })).toBe(false);
      }
      expect(await stores.spool.stored(stored, 5000)).toBeDefined();
    });

    it('stays for three days after its last delivery has ended, or for as long as it was put for', async () => {
      const usual = await putStored(1000);
      const short = await putStored(2000, { keepMs: 5000 });
      expect(await stores.spool.stored(short.stored, 90 * DAY)).toBeDefined();
      await end(usual.delivery, 100);
      await end(short.delivery, 100);
      expect(await stores.spool.stored(short.stored, 5099)).toBeDefined();
      expect(await stores.spool.stored(short.stored, 5100)).toBeUndefined();
      await stores.spool.sweep(5099);
      expect(await stores.spool.message(2000)).toBeDefined();
      await stores.spool.sweep(5100);
      expect(await stores.spool.message(2000)).toBeUndefined();
      expect(await stores.spool.stored(usual.stored, 99 + 3 * DAY)).toBeDefined();
      expect(await stores.spool.stored(usual.stored, 100 + 3 * DAY)).toBeUndefined();
      await stores.spool.sweep(100 + 3 * DAY);
      expect(await stores.spool.message(1000)).toBeUndefined();
    });

    it('goes at once with its file when nothing of it is open', async () => {
      const { body, path } = await bigBody();
      const { delivery, stored } = await putStored(1000, {}, body);
      await end(delivery, 100);
      expect(existsSync(path)).toBe(true);
      expect(await stores.spool.removeStored(stored)).toBe(true);
      expect(existsSync(path)).toBe(false);
      expect(await stores.spool.message(1000)).toBeUndefined();
      expect(await stores.spool.removeStored(stored)).toBe(false);
    });

    it('that is deleted while it is delivered goes with its last delivery, and is not shown meanwhile', async () => {
      const { body, path } = await bigBody();
      const { delivery, stored } = await putStored(1000, {}, body);
      expect(await stores.spool.removeStored(stored)).toBe(true);
      expect(await stores.spool.stored(stored, 50)).toBeUndefined();
      expect(await stores.spool.removeStored(stored)).toBe(false);
      expect(await stores.spool.message(1000)).toMatchObject({ id: 1000 });
      await stores.spool.sweep(90 * DAY);
      expect(existsSync(path)).toBe(true);
      await end(delivery, 100);
      await stores.spool.sweep(100);
      expect([existsSync(path), await stores.spool.message(1000)]).toEqual([false, undefined]);
    });
  });

  it.each([
    ['at once', false],
    ['with its last delivery', true],
  ])('bytes that their owner deletes are not left in the database (%s)', async (_, isOpen) => {
    // Within a page among others, and on pages of its own.
    for (const length of [200, 100_000]) {
      const body = (text: string): Body => ({ kind: 'inline', bytes: Buffer.from(text.repeat(length / 10)) });
      await putStored(length, {}, body('others of '));
      const { delivery, stored } = await putStored(length + 10, {}, body('deleted ! '));
      await putStored(length + 20, {}, body('others of '));
      await stores.reopen();
      expect(engine.spoolText(stores)).toContain('deleted ! deleted ! ');
      if (!isOpen) await end(delivery, 100);
      expect(await stores.spool.removeStored(stored)).toBe(true);
      if (isOpen) await end(delivery, 100);
      await stores.spool.sweep(100);
      expect(await stores.spool.message(length + 10)).toBeUndefined();
      await stores.reopen();
      expect(engine.spoolText(stores)).not.toContain('deleted ! ');
      expect(engine.spoolText(stores)).toContain('others of others of ');
    }
  });

  /** A batch for so many, with what each is told in their variables; each by their own key. */
  async function putBatch(id: number, names: string[], more: Partial<NewMessage> = {}, body?: Body) {
    const key = makeStorageKey(id);
    const message = makeMessage(id, { merge: {}, ...(body === undefined ? {} : { body }) });
    message.facts = { ...message.facts, storageKey: key };
    const recipients = names.map((name, index) => {
      const address = `${name}@x.example`;
      return { ...makeDelivery(id + 1 + index, 10, address), recipientName: name, recipientVariables: { secret: `secret of ${name}` } };
    });
    const deliveries = await stores.spool.put({ message, deliveries: recipients, events: [], ...more });
    const name = { account: 1, domain: 'sender.example' };
    return {
      all: { ...name, key },
      each: deliveries.map((delivery) => ({ delivery, stored: { ...name, key: recipientStorageKey(key, delivery.id) } })),
    };
  }
  const toOf = async (stored: Parameters<TestStores['spool']['stored']>[0], now = 50) => (await stores.spool.stored(stored, now))?.to;
  const endOf = (...deliveries: (Delivery | undefined)[]) =>
    stores.settle(
      deliveries.flatMap((key) => (key === undefined ? [] : [{ kind: 'done', key, message: key.message, at: 100, events: [] } as const])),
    );

  describe('the message of a recipient of a batch', () => {
    const ANN = { id: 1001, recipient: 'ann@x.example', recipientName: 'ann', recipientVariables: { secret: 'secret of ann' } };

    it('is found with what it is made with, open and ended, after a restart too; what they are made from has no name', async () => {
      const { all, each } = await putBatch(1000, ['ann', 'bob']);
      const [ann, bob] = each.map(({ stored }) => stored);
      if (ann === undefined || bob === undefined) throw new Error('no delivery');
      expect(await toOf(ann)).toEqual(ANN);
      const [first] = each;
      await stores.settle([
        { kind: 'defer', key: first?.delivery as Delivery, message: 1000, due: 77, attempts: 1, last: undefined, events: [] },
      ]);
      expect(await toOf(ann)).toEqual(ANN);
      await endOf({ ...(first?.delivery as Delivery), due: 77 });
      await stores.reopen();
      expect(await toOf(ann)).toEqual(ANN);
      expect(await toOf(bob)).toMatchObject({ id: 1002, recipientVariables: { secret: 'secret of bob' } });
      for (const wrong of [
        all,
        { ...ann, account: 2 },
        { ...ann, domain: 'other.example' },
        { ...ann, key: recipientStorageKey(all.key, 1003) },
      ]) {
        expect(await stores.spool.stored(wrong, 50)).toBeUndefined();
        expect(await stores.spool.removeStored(wrong)).toBe(false);
      }
      const ordinary = await putStored(2000);
      const key = recipientStorageKey(ordinary.stored.key, ordinary.delivery.id);
      expect(await stores.spool.stored({ ...ordinary.stored, key }, 50)).toBeUndefined();
      expect(await stores.spool.removeStored({ ...ordinary.stored, key })).toBe(false);
    });

    it('is deleted for that recipient only; what all have in common goes with the last one', async () => {
      const { body, path } = await bigBody();
      const { each } = await putBatch(1000, ['ann', 'bob'], {}, body);
      await endOf(...each.map(({ delivery }) => delivery));
      const [ann, bob] = each.map(({ stored }) => stored);
      if (ann === undefined || bob === undefined) throw new Error('no delivery');
      expect([await stores.spool.removeStored(ann), await stores.spool.removeStored(ann)]).toEqual([true, false]);
      expect([await toOf(ann), await toOf(bob)]).toMatchObject([undefined, { id: 1002 }]);
      expect(existsSync(path)).toBe(true);
      await stores.reopen();
      expect(await stores.spool.removeStored(bob)).toBe(true);
      expect([existsSync(path), await stores.spool.message(1000)]).toEqual([false, undefined]);
    });

    it('that is deleted while it is delivered is delivered, not shown, and not shown later', async () => {
      const { body, path } = await bigBody();
      const { each } = await putBatch(1000, ['ann', 'bob'], {}, body);
      const [ann, bob] = each;
      if (ann === undefined || bob === undefined) throw new Error('no delivery');
      expect([await stores.spool.removeStored(ann.stored), await stores.spool.removeStored(ann.stored)]).toEqual([true, false]);
      expect([await toOf(ann.stored), await toOf(bob.stored)]).toMatchObject([undefined, { id: 1002 }]);
      const { rows } = await stores.spool.take(ann.delivery, { due: 0, id: 0 }, 100, 10);
      expect(rows.map(({ id, recipientVariables }) => [id, recipientVariables?.secret])).toEqual([
        [1001, 'secret of ann'],
        [1002, 'secret of bob'],
      ]);
      expect(await endOf(ann.delivery)).toEqual([true]);
      expect(await toOf(ann.stored)).toBeUndefined();
      expect(await stores.spool.removeStored(bob.stored)).toBe(true);
      await stores.spool.sweep(100 + 2 * DAY);
      expect(existsSync(path)).toBe(true);
      await endOf(bob.delivery);
      expect(await toOf(bob.stored)).toBeUndefined();
      await stores.spool.sweep(100);
      expect([existsSync(path), await stores.spool.message(1000)]).toEqual([false, undefined]);
    });

    it('goes with the message_ttl after the last delivery of all, a bounded number at a time', async () => {
      const names = Array.from({ length: 300 }, (_, index) => `r${index}`);
      const batches = [];
      for (const id of [10_000, 20_000, 30_000]) batches.push(await putBatch(id, names, { keepMs: 1000 }));
      for (const { each } of batches) await endOf(...each.map(({ delivery }) => delivery));
      const [one] = batches[0]?.each ?? [];
      if (one === undefined) throw new Error('no delivery');
      expect(await toOf(one.stored, 1099)).toMatchObject({ id: 10_001 });
      expect(await toOf(one.stored, 1100)).toBeUndefined();
      const left = async () =>
        (await Promise.all([10_000, 20_000, 30_000].map((id) => stores.spool.message(id)))).map((message) => message?.id);
      expect(await stores.spool.sweep(1100)).toBe(true);
      expect(await left()).toEqual([undefined, undefined, 30_000]);
      await stores.spool.sweep(1100);
      expect(await left()).toEqual([undefined, undefined, undefined]);
      expect(engine.countBatchRecipients(stores)).toBe(0);
    });
  });

  describe('the answer for an idempotency key', () => {
    const record = (more: Partial<IdempotencyRecord> = {}): IdempotencyRecord => ({
      key: 'k',
      fingerprint: 'f',
      answer: '{"id":"1"}',
      at: 1000,
      ...more,
    });
    const find = (now: number, key = 'k') => stores.spool.idempotencyRecord(1, 'sender.example', key, now);

    it('is kept with its message for a day, for its account and domain', async () => {
      await stores.spool.put(makeNewMessage(10, [10], { idempotency: record() }));
      await stores.reopen();
      expect(await find(1000 + DAY - 1)).toEqual(record());
      expect(await find(1000 + DAY)).toBeUndefined();
      expect(await find(1000, 'K')).toBeUndefined();
      expect(await stores.spool.idempotencyRecord(2, 'sender.example', 'k', 1000)).toBeUndefined();
      expect(await stores.spool.idempotencyRecord(1, 'other.example', 'k', 1000)).toBeUndefined();
    });

    it('is the first one, whoever comes at the same time, and the message of the second is not kept', async () => {
      const put = (id: number, answer: string) => stores.spool.put(makeNewMessage(id, [10], { idempotency: record({ answer }) }));
      const results = await Promise.allSettled([put(10, 'one'), put(20, 'two'), stores.spool.put(makeNewMessage(30)), put(40, 'three')]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
      expect(results[1]).toMatchObject({ reason: { name: 'StoreError', kind: 'conflict' } });
      expect(await find(2000)).toMatchObject({ answer: 'one' });
      const kept = await Promise.all([10, 20, 30, 40].map((id) => stores.spool.message(id)));
      expect(kept.map((message) => message?.id)).toEqual([10, undefined, 30, undefined]);
      expect((await watchSpool(stores.spool)).backlog(1).deliveries).toBe(2);
    });

    it('makes room for another after a day, swept or not', async () => {
      await stores.spool.put(makeNewMessage(10, [10], { idempotency: record() }));
      await expect(stores.spool.put(makeNewMessage(20, [10], { idempotency: record({ at: 999 + DAY }) }))).rejects.toMatchObject({
        kind: 'conflict',
      });
      await stores.spool.put(makeNewMessage(30, [10], { idempotency: record({ at: 1000 + DAY, answer: 'new' }) }));
      expect(await find(1001 + DAY)).toMatchObject({ answer: 'new' });
      await stores.spool.sweep(999 + 2 * DAY);
      expect(await find(1001 + DAY)).toBeDefined();
      await stores.spool.sweep(1000 + 2 * DAY);
      expect(await find(1001 + DAY)).toBeUndefined();
    });
  });
});
