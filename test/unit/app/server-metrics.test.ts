/** What is counted as it happens; what is asked for is seen in test/scenarios/metrics-and-health.test.ts. */
import { afterEach, expect, it } from 'vitest';
import { makeServerMetrics, type ServerMetrics } from '../../../dist/app/server-metrics.js';
import type { Recorder } from '../../../dist/events/index.js';
import type { OutboxEvent } from '../../../dist/store/index.js';

const HOUR = 3_600_000;
const NOW = 1_772_619_330_000;
let metrics: ServerMetrics | undefined;
afterEach(() => metrics?.stop());

it.each([
  ['sent at once', { acceptedAt: NOW - 2000, due: NOW - 2000, attempts: 0, firstAttemptAt: NOW - 1000 }, 2],
  ['scheduled', { acceptedAt: NOW - 30 * HOUR, due: NOW - 3000, attempts: 0, firstAttemptAt: NOW - 1000 }, 3],
  ['scheduled and deferred', { acceptedAt: NOW - 30 * HOUR, due: NOW - 10, attempts: 2, firstAttemptAt: NOW - HOUR }, 3600],
  ['delivered before it was due, for the clock went back', { acceptedAt: NOW, due: NOW + HOUR, attempts: 0, firstAttemptAt: NOW }, 0],
])('the time of a delivery that was %s counts from when it was due', async (_, { acceptedAt, due, attempts, firstAttemptAt }, seconds) => {
  metrics = makeServerMetrics({ clock: { now: () => NOW, monotonic: () => 0 }, version: '0' });
  const recorder = metrics.counting.recorder({ delivered: () => ({}) as OutboxEvent } as unknown as Recorder);
  const fields = { message: { acceptedAt }, delivery: { due, attempts }, firstAttemptAt, outcome: { kind: 'delivered', sessionMs: 5 } };
  recorder.delivered(fields as unknown as Parameters<Recorder['delivered']>[0]);
  const text = await metrics.render();
  expect(text).toMatch(/^mailwagon_delivery_seconds_count 1$/m);
  expect(text).toMatch(new RegExp(`^mailwagon_delivery_seconds_sum ${seconds}$`, 'm'));
});
