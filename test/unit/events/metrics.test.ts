/** The time of a delivery, as it is counted; what is asked for when somebody looks is seen in test/scenarios/metrics-and-health.test.ts. */
import { expect, it } from 'vitest';
import { countAttempts, type Recorder } from '#events';
import { makeRegistry } from '#metrics';
import type { OutboxEvent } from '#store';

const HOUR = 3_600_000;
const NOW = 1_772_619_330_000;

it.each([
  ['sent at once', { acceptedAt: NOW - 2000, due: NOW - 2000, attempts: 0, firstAttemptAt: NOW - 1000 }, 2],
  ['scheduled', { acceptedAt: NOW - 30 * HOUR, due: NOW - 3000, attempts: 0, firstAttemptAt: NOW - 1000 }, 3],
  ['scheduled and deferred', { acceptedAt: NOW - 30 * HOUR, due: NOW - 10, attempts: 2, firstAttemptAt: NOW - HOUR }, 3600],
  ['delivered before it was due, for the clock went back', { acceptedAt: NOW, due: NOW + HOUR, attempts: 0, firstAttemptAt: NOW }, 0],
])('the time of a delivery that was %s counts from when it was due', async (_, { acceptedAt, due, attempts, firstAttemptAt }, seconds) => {
  const registry = makeRegistry();
  const counted = { delivered: () => ({}) as OutboxEvent } as unknown as Recorder;
  const recorder = countAttempts(registry, { now: () => NOW, monotonic: () => 0 }, counted);
  const fields = { message: { acceptedAt }, delivery: { due, attempts }, firstAttemptAt, outcome: { kind: 'delivered', sessionMs: 5 } };
  recorder.delivered(fields as unknown as Parameters<Recorder['delivered']>[0]);
  const text = await registry.render();
  expect(text).toMatch(/^mailwagon_delivery_seconds_count 1$/m);
  expect(text).toMatch(new RegExp(`^mailwagon_delivery_seconds_sum ${seconds}$`, 'm'));
});
