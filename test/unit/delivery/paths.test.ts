import { describe, expect, it } from 'vitest';
import { CUT_MESSAGES, makePaths, type Path, type Paths, type Reach, SUSPENSIONS } from '#delivery/paths/paths.js';

const MINUTE = 60_000;

function setUp(limits = { perPath: 20, total: 200 }, jitter = 0) {
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time };
  return { clock, paths: makePaths({ limits, clock, jitter: () => jitter }) };
}

/** Runs an attempt with so many lanes busy, its own included. */
function attempt(paths: Paths, path: Path, reach: Reach, lanes = path.window, message = 1) {
  for (let count = 0; count < lanes; count++) paths.started(path);
  const noted = paths.note(path, reach, message);
  for (let count = 0; count < lanes; count++) paths.ended(path);
  return noted;
}

it('a path remembers whether TLS was what failed last', () => {
  const { paths, clock } = setUp();
  const path = paths.get('a');
  const after = (reach: Reach) => {
    attempt(paths, path, reach, 1);
    return path.isKeptByTls;
  };
  const seen: [Reach, boolean][] = [
    ['kept', true],
    ['unknown', true],
    ['unreached', false],
    ['kept', true],
    ['reached', false],
    ['kept', true],
    ['unconnected', false],
    ['kept', true],
  ];
  expect(seen.map(([reach]) => after(reach))).toEqual(seen.map(([, isKept]) => isKept));
  paths.suspend(path, clock.time + MINUTE);
  expect(path.isKeptByTls).toBe(false);
});

describe('a window', () => {
  it('starts at two and grows by one after as many successes as it is wide', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    const windows = Array.from({ length: 14 }, () => {
      attempt(paths, path, 'reached');
      return path.window;
    });
    expect(windows).toEqual([2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6]);
  });

  it('grows to its limit and no further', () => {
    const { paths } = setUp({ perPath: 4, total: 200 });
    const path = paths.get('a');
    for (let count = 0; count < 100; count++) attempt(paths, path, 'reached');
    expect(path.window).toBe(4);
  });

  it('does not grow while it is not used', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    for (let count = 0; count < 100; count++) attempt(paths, path, 'reached', 1);
    expect(path.window).toBe(3);
  });

  it('takes one step down at the first failure of a run, and one per window full of them', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    for (let count = 0; count < 40; count++) attempt(paths, path, 'reached');
    const before = path.window;
    const windows = Array.from({ length: before + 1 }, () => {
      attempt(paths, path, 'unreached', 1);
      return path.window;
    });
    expect(windows[0]).toBe(before - 1);
    expect(windows.slice(0, before - 2).every((window) => window === before - 1)).toBe(true);
    expect(windows.at(-1)).toBe(before - 2);
  });

  it('falls below the number of connections that was too many, and leaves that alone for a while', () => {
    const { paths, clock } = setUp();
    const path = paths.get('a');
    while (path.window < 6) attempt(paths, path, 'reached');
    expect(attempt(paths, path, 'unreached')).toBe('crowded');
    expect([path.window, path.standing]).toEqual([5, 'proven']);
    for (let count = 0; count < 100; count++) attempt(paths, path, 'reached');
    expect(path.window).toBe(5);
    clock.time += 5 * MINUTE;
    for (let count = 0; count < 6; count++) attempt(paths, path, 'reached');
    expect(path.window).toBe(6);
  });

  it('is not moved by what says nothing of the path', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    for (let count = 0; count < 10; count++) expect(attempt(paths, path, 'unknown')).toBe('fine');
    expect([path.window, path.standing]).toEqual([2, 'new']);
  });
});

describe('a suspension', () => {
  const fail = (paths: Paths, path: Path) => {
    let failures = 0;
    while (path.suspendedUntil === 0) {
      attempt(paths, path, 'unreached', 1);
      failures++;
    }
    return failures;
  };

  it('comes after three windows full of failures, never from one alone', () => {
    const { paths, clock } = setUp();
    const path = paths.get('a');
    expect(fail(paths, path)).toBe(4);
    expect(path.suspendedUntil).toBe(clock.time + MINUTE);
  });

  it('lets a single probe decide, and is longer each time it fails', () => {
    const { paths, clock } = setUp();
    const path = paths.get('a');
    fail(paths, path);
    const lengths = [path.suspendedUntil - clock.time];
    for (let count = 0; count < 6; count++) {
      clock.time = path.suspendedUntil;
      paths.resume(path);
      expect([path.isProbing, path.window]).toEqual([true, 1]);
      expect(attempt(paths, path, 'unreached')).toBe('suspended');
      lengths.push(path.suspendedUntil - clock.time);
    }
    expect(lengths).toEqual([...SUSPENSIONS, 30 * MINUTE, 30 * MINUTE]);
  });

  it('ends with the first success: small again, then growing', () => {
    const { paths, clock } = setUp();
    const path = paths.get('a');
    fail(paths, path);
    clock.time = path.suspendedUntil;
    paths.resume(path);
    attempt(paths, path, 'reached');
    expect([path.isProbing, path.window, path.standing, path.suspendedUntil]).toEqual([false, 2, 'proven', 0]);
    expect(fail(paths, path)).toBe(4);
    expect(path.suspendedUntil).toBe(clock.time + MINUTE);
  });

  it('is spread by jitter', () => {
    const { paths, clock } = setUp(undefined, 1);
    const path = paths.get('a');
    fail(paths, path);
    expect(path.suspendedUntil).toBe(clock.time + 1.1 * MINUTE);
  });

  it('is not made longer by lanes that were on their way, and ended by one that gets through', () => {
    const { paths, clock } = setUp();
    const path = paths.get('a');
    fail(paths, path);
    expect(attempt(paths, path, 'unreached', 1)).toBe('crowded');
    expect(path.suspendedUntil).toBe(clock.time + MINUTE);
    attempt(paths, path, 'reached', 1);
    expect(path.suspendedUntil).toBe(0);
  });

  it('is reached by a server that dies with twenty connections open, without a verdict on any message but the last', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    for (let count = 0; count < 300; count++) attempt(paths, path, 'reached');
    expect(path.window).toBe(20);
    const noted: string[] = [];
    while (path.suspendedUntil === 0) noted.push(attempt(paths, path, 'unreached'));
    expect(noted.filter((one) => one !== 'crowded').length).toBeLessThanOrEqual(3);
    expect(noted.length).toBeLessThanOrEqual(22);
  });
});

describe('a session that ends in the midst of a message', () => {
  it('says nothing of the path while others get through', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    for (let count = 0; count < 300; count++) attempt(paths, path, 'reached');
    for (let message = 1; message <= 200; message++) {
      expect(attempt(paths, path, 'cut', 20, message)).toBe('fine');
      expect([path.window, path.standing, path.suspendedUntil]).toEqual([20, 'proven', 0]);
      if (message % (CUT_MESSAGES - 1) === 0) attempt(paths, path, 'reached');
    }
  });

  it('is told once of each message', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    for (let count = 0; count < 100; count++) expect(attempt(paths, path, 'cut', 1, 7)).toBe('fine');
    expect([path.window, path.suspendedUntil]).toEqual([2, 0]);
  });

  it('suspends a path where it happens to one message after the other, and again when the probe is another one', () => {
    const { paths, clock } = setUp();
    const path = paths.get('a');
    const noted = Array.from({ length: CUT_MESSAGES }, (_, message) => attempt(paths, path, 'cut', 2, message));
    expect(noted).toEqual([...Array<string>(CUT_MESSAGES - 1).fill('fine'), 'suspended']);
    expect([path.standing, path.suspendedUntil]).toEqual(['failing', clock.time + MINUTE]);
    clock.time = path.suspendedUntil;
    paths.resume(path);
    expect(attempt(paths, path, 'cut', 1, 1)).toBe('fine');
    expect(attempt(paths, path, 'cut', 1, 100)).toBe('suspended');
    expect(path.suspendedUntil).toBe(clock.time + 2 * MINUTE);
    clock.time = path.suspendedUntil;
    paths.resume(path);
    attempt(paths, path, 'reached', 1);
    expect(attempt(paths, path, 'cut', 1, 101)).toBe('fine');
  });

  it('narrows the window by a step when the peer says that it closes, until others have got through', () => {
    const { paths } = setUp();
    const path = paths.get('a');
    while (path.window < 6) attempt(paths, path, 'reached');
    expect(attempt(paths, path, 'closed')).toBe('fine');
    expect(path.window).toBe(5);
    for (let count = 0; count < 5; count++) attempt(paths, path, 'reached');
    expect(path.window).toBe(6);
  });
});

it('paths keep half of the lanes for those that work, and a quarter of them from those that do not', () => {
  const { paths } = setUp({ perPath: 20, total: 8 });
  const [good, fresh, dead] = ['good', 'new', 'dead'].map((site) => paths.get(site));
  if (!good || !fresh || !dead) throw new Error('three');
  paths.note(good, 'reached', 1);
  paths.note(dead, 'unreached', 1);
  for (let count = 0; count < 2; count++) paths.started(dead);
  expect(['proven', 'new', 'failing'].map((standing) => paths.hasRoom(standing as 'new'))).toEqual([true, true, false]);
  for (let count = 0; count < 2; count++) paths.started(fresh);
  expect(['proven', 'new', 'failing'].map((standing) => paths.hasRoom(standing as 'new'))).toEqual([true, false, false]);
  for (let count = 0; count < 4; count++) paths.started(good);
  expect(paths.hasRoom('proven')).toBe(false);
  paths.note(fresh, 'reached', 1);
  expect(paths.total()).toBe(8);
  paths.ended(fresh);
  expect(paths.hasRoom('new')).toBe(true);
});
