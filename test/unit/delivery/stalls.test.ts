import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Delivery, Stage } from '#core';
import { makeProgressReports } from '#delivery/attempt/report-progress.js';
import { makeStalls, type Stalls } from '#delivery/dispatch/stalls.js';
import { makePaths, type Path } from '#delivery/paths/paths.js';

const SECOND = 1000;

interface FakeLane {
  delivery: Delivery;
  session: { stage: Stage; progress: string; giveUp: (text: string) => void };
  givenUp: string | undefined;
  end(): void;
}

/** One path, whose lanes the test moves by hand. */
function setUp({ total = 200, connections = undefined as number | undefined } = {}) {
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time };
  const limits = { perPath: 20, total };
  const paths = makePaths({ limits, clock, jitter: () => 0 });
  const path = paths.get('a');
  const rooms: Path[] = [];
  const beside: string[] = [];
  const isWanted = { value: true };
  // Both directions as copies, as between threads.
  const reports = makeProgressReports((changes) => stalls.onProgress(structuredClone(changes)));
  const stalls: Stalls = makeStalls({
    giveUp: (order) => reports.giveUp(structuredClone(order)),
    ...{ paths, limits, clock, logger: pino({ level: 'silent' }) },
    mostConnections: () => connections,
    mayOpen: ({ lanes }) => lanes < (connections ?? total),
    isWanted: () => isWanted.value,
    onStill: () => undefined,
    onBeside: ({ site }, { id }) => void beside.push(`${site} ${id}`),
    onRoom: (one) => rooms.push(one),
  });
  let id = 0;
  const begin = (stage: Stage, fields: Partial<Delivery> = {}): FakeLane => {
    const delivery = { id: ++id, ...fields } as Delivery;
    paths.started(path);
    const endWatch = stalls.begin(path, delivery);
    const lane: FakeLane = {
      delivery,
      givenUp: undefined,
      session: {
        stage,
        progress: `${stage} 0`,
        giveUp(text) {
          lane.givenUp = text;
          lane.end();
        },
      },
      end() {
        reports.end(delivery.id);
        endWatch();
        paths.ended(path);
      },
    };
    reports.begin(delivery.id, () => lane.session);
    return lane;
  };
  return {
    ...{ paths, path, stalls, rooms, beside, begin, isWanted },
    /** The process does not run. */
    stop(ms: number) {
      clock.time += ms;
    },
    /** So long, with so many messages getting through in each half second. */
    pass(ms: number, messages = 0) {
      for (let left = ms; left > 0; left -= 500) {
        clock.time += 500;
        for (let count = 0; count < messages; count++) stalls.passed(path);
        vi.advanceTimersByTime(500);
      }
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a message that keeps its session waiting', () => {
  it('leaves the window when others have overtaken it', () => {
    const { path, stalls, rooms, beside, begin, pass } = setUp();
    const hung = begin('data');
    let steps = 0;
    Object.defineProperty(begin('data').session, 'progress', { get: () => `data ${steps++}` });
    pass(2 * SECOND, 1);
    expect(path.stalled).toBe(0);
    pass(2 * SECOND, 10);
    expect([path.stalled, rooms.length, beside]).toEqual([1, 1, [`a ${hung.delivery.id}`]]);
    expect(stalls.explain(hung.delivery)).toMatch(
      /^It is being attempted now: a has not answered DATA.* for \d seconds; other mail goes on beside it$/,
    );
    expect(stalls.stats()).toEqual({ stalled: 1, givenUp: 0 });
    hung.session.progress = 'data 1';
    pass(SECOND);
    expect([path.stalled, stalls.explain(hung.delivery)]).toEqual([0, undefined]);
    hung.end();
  });

  it('is not said of one that sets its session up, or whose bytes are on their way', () => {
    const { path, begin, pass } = setUp();
    begin('ehlo');
    const sending = begin('data');
    for (let count = 0; count < 20; count++) {
      sending.session.progress = `data ${count}`;
      pass(500, 100);
    }
    expect(path.stalled).toBe(0);
  });

  it('stands in nobody else’s count when it ends', () => {
    const { path, paths, begin, pass } = setUp();
    const lanes = Array.from({ length: 5 }, () => begin('dot'));
    pass(2 * SECOND, 20);
    expect([path.stalled, paths.stalled()]).toEqual([5, 5]);
    for (const lane of lanes) lane.end();
    expect([path.stalled, path.lanes, paths.stalled()]).toEqual([0, 0, 0]);
  });

  it('is one of so many at most, and given up beyond them, the longest first', () => {
    const { path, begin, pass } = setUp({ total: 40 });
    const first = begin('data');
    const retried = begin('data', { last: { firstAttemptAt: 1, code: 421, enhancedCode: '4.4.2', message: '', unanswered: true } });
    pass(500, 10);
    const rest = Array.from({ length: 11 }, () => begin('data'));
    pass(9 * SECOND, 100);
    // A quarter of all lanes.
    expect(path.stalled).toBe(10);
    expect([first, retried, ...rest].filter(({ givenUp }) => givenUp !== undefined)).toEqual([]);
    pass(SECOND, 100);
    expect(first.givenUp).toMatch(/^timed out after 10 seconds while other mail got through$/);
    pass(SECOND, 100);
    expect([retried, ...rest].filter(({ givenUp }) => givenUp !== undefined)).toEqual([rest[0]]);
    expect(path.stalled).toBe(10);
    for (let round = 0; round < 5; round++) {
      expect(retried.givenUp).toBeUndefined();
      for (let count = 0; count < 12; count++) begin('data');
      pass(10 * SECOND, 100);
    }
    expect(retried.givenUp).toMatch(/^timed out after 6\d seconds while other mail got through$/);
  });

  it('is given its time when this process stood still', () => {
    const { begin, pass, stop } = setUp({ connections: 2 });
    const [one, other] = [begin('data'), begin('data')];
    pass(30 * SECOND);
    stop(60 * SECOND);
    pass(20 * SECOND);
    expect([one.givenUp, other.givenUp]).toEqual([undefined, undefined]);
    pass(11 * SECOND);
    expect(one.givenUp).toMatch(/^timed out after 6\d seconds/);
  });

  it('leaves half of the connections that its site is given to others', () => {
    const { begin, pass } = setUp({ connections: 4 });
    const lanes = Array.from({ length: 4 }, () => begin('data'));
    pass(11 * SECOND, 100);
    expect(lanes.filter(({ givenUp }) => givenUp !== undefined).length).toBe(2);
  });
});

describe('where everything stands still', () => {
  it('another window full is let in every three seconds, as much as the widest window in all', () => {
    const { path, begin, pass } = setUp();
    const fill = () => {
      while (path.lanes < path.window + path.stalled) begin('dot');
    };
    fill();
    const seen = Array.from({ length: 12 }, () => {
      pass(2.5 * SECOND);
      const early = path.stalled;
      pass(SECOND);
      fill();
      return [early, path.stalled];
    });
    expect(seen).toEqual([...Array.from({ length: 10 }, (_, index) => [2 * index, 2 * index + 2]), [20, 20], [20, 20]]);
    expect(path.lanes).toBe(22);
  });

  it('nobody is let in for mail that is not there', () => {
    const { path, begin, pass, isWanted } = setUp();
    isWanted.value = false;
    begin('dot');
    pass(60 * SECOND);
    expect(path.stalled).toBe(0);
  });

  it('the longest is given up after a minute where there is no room for another, unless the peer may have it', () => {
    const { begin, pass } = setUp({ connections: 2 });
    const [atDot, atData] = [begin('dot'), begin('data')];
    pass(59 * SECOND);
    expect([atDot.givenUp, atData.givenUp]).toEqual([undefined, undefined]);
    pass(2 * SECOND);
    expect(atDot.givenUp).toBeUndefined();
    expect(atData.givenUp).toMatch(/^timed out after 60 seconds with other mail waiting$/);
  });
});
