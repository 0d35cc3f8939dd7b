import { describe, expect, it } from 'vitest';
import { CALL_RETRY_DELAYS, decideCallRetry } from '#webhooks';

describe('decideCallRetry', () => {
  it.each([
    [200, 1, { kind: 'taken' }],
    [204, 8, { kind: 'taken' }],
    [406, 1, { kind: 'unwanted' }],
    [302, 1, { kind: 'retry', afterMs: 600_000 }],
    [404, 2, { kind: 'retry', afterMs: 600_000 }],
    [500, 3, { kind: 'retry', afterMs: 900_000 }],
    [undefined, 7, { kind: 'retry', afterMs: 14_400_000 }],
    [undefined, 8, { kind: 'given-up' }],
    [503, 8, { kind: 'given-up' }],
  ])('answer %s to attempt %d', (status, attempts, verdict) => {
    expect(decideCallRetry(status, attempts)).toEqual(verdict);
  });

  it('goes on for eight hours and a little', () => {
    expect(CALL_RETRY_DELAYS.reduce((sum, delay) => sum + delay, 0) / 3_600_000).toBeCloseTo(8.08, 2);
  });
});
