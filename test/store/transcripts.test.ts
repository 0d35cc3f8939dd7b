import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredTranscript } from '#store';
import { TRANSCRIPTS_PER_DELIVERY } from '#store/retention.js';
import { ENGINES } from './support/engines.ts';
import { DAY, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  const NOW = 1_700_000_000_000;
  const entry = (delivery: number, attempt: number, fields: Partial<StoredTranscript> = {}): StoredTranscript => ({
    account: 1,
    delivery,
    messageId: 'm1@src.test',
    recipient: `u${delivery}@dst.test`,
    attempt,
    at: NOW,
    outcome: 'deferred',
    text: `S: 451 attempt ${attempt}`,
    ...fields,
  });
  const find = (query: { delivery: number } | { messageId: string }, account = 1, limit = 100) =>
    stores.events.transcripts({ account, limit, ...query });

  it('gives those of a delivery, or of all deliveries of a message, to their account only', async () => {
    const others = [entry(12, 1), entry(13, 1, { messageId: 'm2@src.test' })];
    await stores.events.appendTranscripts([entry(11, 1), ...others, entry(11, 2, { outcome: 'delivered' })]);
    await stores.reopen();
    expect(await find({ delivery: 11 })).toEqual([entry(11, 1), entry(11, 2, { outcome: 'delivered' })]);
    expect((await find({ messageId: 'm1@src.test' })).map(({ delivery, attempt }) => [delivery, attempt])).toEqual([
      [11, 1],
      [11, 2],
      [12, 1],
    ]);
    expect(await find({ delivery: 11 }, 1, 1)).toEqual([entry(11, 2, { outcome: 'delivered' })]);
    expect(await find({ delivery: 11 }, 2)).toEqual([]);
    expect(await find({ messageId: 'm1@src.test' }, 2)).toEqual([]);
  });

  it('keeps the last attempts of a delivery', async () => {
    await stores.events.appendTranscripts([entry(12, 1)]);
    for (let attempt = 1; attempt <= TRANSCRIPTS_PER_DELIVERY + 3; attempt++) await stores.events.appendTranscripts([entry(11, attempt)]);
    const kept = await find({ delivery: 11 });
    expect(kept.map(({ attempt }) => attempt)).toEqual(Array.from({ length: TRANSCRIPTS_PER_DELIVERY }, (_none, index) => index + 4));
    expect(await find({ delivery: 12 })).toHaveLength(1);
  });

  it('keeps nothing of a batch with a broken row', async () => {
    const broken = entry(12, 1, { outcome: 'lost' as 'failed' });
    await expect(stores.events.appendTranscripts([entry(11, 1), broken])).rejects.toMatchObject({ kind: 'failed' });
    expect(await find({ messageId: 'm1@src.test' })).toEqual([]);
  });

  it('lets them go after 30 days, a bounded number at a time', async () => {
    const old = Array.from({ length: 1200 }, (_none, index) => entry(100 + index, 1, { at: NOW - 31 * DAY }));
    await stores.events.appendTranscripts([...old, entry(11, 1, { at: NOW - 29 * DAY })]);
    expect(await stores.events.sweep(NOW)).toBe(true);
    expect(await find({ delivery: 100 })).toEqual([]);
    expect(await find({ delivery: 1299 })).toHaveLength(1);
    let calls = 1;
    while (await stores.events.sweep(NOW)) calls++;
    expect(calls).toBeLessThan(6);
    expect((await find({ messageId: 'm1@src.test' }, 1, 2000)).map(({ delivery }) => delivery)).toEqual([11]);
  });
});
