import { pino } from 'pino';
import { expect, it } from 'vitest';
import { makeTranscriptLog } from '#events';
import type { StoredTranscript } from '#store';
import { waitFor } from '../../support/wait-for.mjs';

const entry = (delivery: number, text = 'S: 451 later'): StoredTranscript => ({
  ...{ account: 1, delivery, messageId: 'm@src.test', recipient: 'a@dst.test', attempt: 1, at: 1, outcome: 'deferred' },
  text,
});

function memoryStore() {
  const batches: StoredTranscript[][] = [];
  const store = {
    batches,
    fails: false,
    hold: Promise.resolve(),
    async appendTranscripts(rows: StoredTranscript[]) {
      await store.hold;
      if (store.fails) throw new Error('disk full');
      batches.push(rows);
    },
    transcripts: async () => batches.flat(),
  };
  return store;
}

const logger = pino({ level: 'silent' });

it('writes in batches, and finds what was noted a moment ago', async () => {
  const store = memoryStore();
  const log = makeTranscriptLog({ store, logger });
  for (let delivery = 1; delivery <= 600; delivery++) log.note(entry(delivery));
  expect(await log.find({ account: 1, delivery: 1, limit: 1000 })).toHaveLength(600);
  expect(store.batches.length).toBeLessThan(5);
  log.note(entry(601));
  await waitFor(() => store.batches.flat().length === 601, { what: 'the timer' });
  await log.stop();
  log.note(entry(602));
  expect(log.dropped()).toBe(1);
});

it('drops what a slow store leaves no room for, and what it refuses, without holding anybody up', async () => {
  const store = memoryStore();
  let release = () => {};
  store.hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  const log = makeTranscriptLog({ store, logger });
  for (let delivery = 1; delivery <= 6000; delivery++) log.note(entry(delivery));
  expect(log.dropped()).toBe(1000);
  store.fails = true;
  release();
  await log.stop();
  expect(log.dropped()).toBe(6000);
});

it('bounds each entry, keeping its beginning and its end', async () => {
  const store = memoryStore();
  const log = makeTranscriptLog({ store, logger });
  log.note(entry(1, `* first${'x'.repeat(10_000)}* last`));
  await log.stop();
  const text = store.batches[0]?.[0]?.text ?? '';
  expect(text.length).toBeLessThanOrEqual(4096);
  expect(text).toMatch(/^\* first[\s\S]*\n\* …\n[\s\S]*\* last$/);
});
