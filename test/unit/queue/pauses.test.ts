/** Conditions on flows that end by themselves. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Flow } from '#queue/flows/flows.js';
import { makePauses, type Pauses } from '#queue/pauses.js';

let now: number;
let ends: number;
let pauses: Pauses;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  now = 1000;
  ends = 0;
  pauses = makePauses({ clock: { now: () => now, monotonic: () => now }, onEnd: () => void ends++ });
});
afterEach(() => {
  pauses.stop();
  vi.useRealTimers();
});

const flow = (account: number, destination: string, site?: string) =>
  ({ account, home: { name: destination, site: site === undefined ? undefined : { name: site } } }) as unknown as Flow;
const pass = (ms: number) => {
  now += ms;
  return vi.advanceTimersByTimeAsync(ms);
};

describe('a pause', () => {
  it('covers what has all that it names', () => {
    pauses.add({ account: 1, site: 'mx.test sts:a.test', until: 2000, why: 'site' });
    pauses.add({ destination: 'b.test', until: 2000, why: 'domain' });
    const why = (...fields: Parameters<typeof flow>) => pauses.find(flow(...fields))?.why;
    expect(why(1, 'a.test', 'mx.test sts:a.test')).toBe('site');
    expect(why(2, 'a.test', 'mx.test sts:a.test')).toBeUndefined();
    expect(why(1, 'a.test', 'mx.test')).toBeUndefined();
    expect(why(1, 'a.test')).toBeUndefined();
    expect(why(2, 'b.test', 'mx.test')).toBe('domain');
    expect(why(2, 'b.test')).toBe('domain');
  });

  it('is prolonged, never shortened, and ends by itself with news', async () => {
    pauses.add({ destination: 'b.test', until: 3000, why: 'long' });
    pauses.add({ destination: 'b.test', until: 2000, why: 'short' });
    pauses.add({ account: 1, site: 'mx.test', until: 1500, why: 'site' });
    await pass(501);
    expect(ends).toBe(1);
    expect(pauses.find(flow(1, 'a.test', 'mx.test'))).toBeUndefined();
    await pass(1000);
    expect(pauses.find(flow(1, 'b.test'))?.why).toBe('long');
    await pass(500);
    expect(pauses.find(flow(1, 'b.test'))).toBeUndefined();
    expect(ends).toBe(2);
  });

  it('costs what waits the same, however many there are', () => {
    const looks = () => {
      let count = 0;
      const home = new Proxy(
        { name: 'free.test', site: { name: 'mx.test' } },
        {
          get: (target, key) => {
            count += 1;
            return Reflect.get(target, key);
          },
        },
      );
      expect(pauses.find({ account: 9, home } as unknown as Flow)).toBeUndefined();
      return count;
    };
    pauses.add({ account: 0, site: 'mx.test', until: 2000, why: '' });
    pauses.add({ destination: 'd0.test', until: 2000, why: '' });
    const few = looks();
    for (let count = 1; count < 5000; count++) {
      pauses.add({ account: 10 + count, site: 'mx.test', until: 2000, why: '' });
      pauses.add({ destination: `d${count}.test`, until: 2000, why: '' });
    }
    expect(looks()).toBe(few);
  });
});
