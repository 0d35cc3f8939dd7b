import { expect, it } from 'vitest';
import { makeDeadline } from '#smtp-client/deadline.js';
import { waitFor } from '../../support/wait-for.mjs';

/** A deadline on a monotonic clock that can be moved on, as it moves while the process is stopped. */
function makeWatched() {
  const seen = { skew: 0, expired: 0 };
  const monotonic = () => performance.now() + seen.skew;
  const deadline = makeDeadline({ clock: { now: Date.now, monotonic }, onExpire: () => (seen.expired += 1) });
  return { seen, deadline };
}

it('expires once, and not before its time', async () => {
  const { seen, deadline } = makeWatched();
  const began = performance.now();
  deadline.set(60);
  await waitFor(() => seen.expired > 0);
  expect(performance.now() - began).toBeGreaterThanOrEqual(58);
  expect(seen.expired).toBe(1);
});

it('gives what came while the process stood still a second to be read', async () => {
  const { seen, deadline } = makeWatched();
  deadline.set(50);
  seen.skew = 60_000;
  const began = performance.now();
  await waitFor(() => seen.expired > 0);
  expect(performance.now() - began).toBeGreaterThanOrEqual(990);
});

it('does not expire when what came meanwhile was what was waited for', async () => {
  const { seen, deadline } = makeWatched();
  deadline.set(50);
  seen.skew = 60_000;
  setTimeout(() => deadline.clear(), 200);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(seen.expired).toBe(0);
});
