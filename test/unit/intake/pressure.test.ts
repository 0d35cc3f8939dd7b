import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { StoreError } from '#core';
import { makePressure, type Pressure, type PressureDeps } from '#intake';
import { ballastFor, decideBallast, decidePressure, defaultDiskFloor, type PressureFacts } from '#intake/pressure/decide-pressure.js';
import type { SpoolWatcher } from '#store';
import { waitFor } from '../../support/wait-for.mjs';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

const EASY: PressureFacts = {
  backlog: { deliveries: 9, bytes: 900 },
  limits: { queuedPerAccount: 10, queuedBytesPerAccount: 1000 },
  memory: { used: 90, limit: 100 },
  disk: { free: 256 * MB, floor: 256 * MB, walBytes: GB },
};

describe('decidePressure', () => {
  it.each<[string, Partial<PressureFacts>, [smtp: number, enhanced: string, http: number] | 'ok']>([
    ['everything just below its limit', {}, 'ok'],
    ['nobody known yet', { backlog: undefined }, 'ok'],
    ['a disk that cannot be asked', { disk: undefined }, 'ok'],
    ['deliveries at the cap', { backlog: { deliveries: 10, bytes: 0 } }, [452, '4.3.1', 429]],
    ['bytes at the cap', { backlog: { deliveries: 1, bytes: 1000 } }, [452, '4.3.1', 429]],
    ['no caps', { backlog: { deliveries: 1e9, bytes: 1e15 }, limits: { queuedPerAccount: null, queuedBytesPerAccount: null } }, 'ok'],
    ['a cap of nothing', { backlog: { deliveries: 0, bytes: 0 }, limits: { ...EASY.limits, queuedPerAccount: 0 } }, [452, '4.3.1', 429]],
    ['memory above 90 %', { memory: { used: 90.1, limit: 100 } }, [421, '4.3.2', 503]],
    ['a byte too little on the disk', { disk: { free: 256 * MB - 1, floor: 256 * MB, walBytes: 0 } }, [452, '4.3.1', 507]],
    ['a write-ahead log without end', { disk: { free: 900 * GB, floor: 0, walBytes: GB + 1 } }, [452, '4.3.1', 507]],
    [
      'everything at once: the account hears of its own',
      { backlog: { deliveries: 10, bytes: 0 }, memory: { used: 99, limit: 100 }, disk: { free: 0, floor: 1, walBytes: 0 } },
      [452, '4.3.1', 429],
    ],
    ['memory before disk', { memory: { used: 99, limit: 100 }, disk: { free: 0, floor: 1, walBytes: 0 } }, [421, '4.3.2', 503]],
  ])('%s', (_name, facts, expected) => {
    const decision = decidePressure({ ...EASY, ...facts });
    if (decision === 'ok' || expected === 'ok') expect(decision).toBe(expected);
    else {
      expect([decision.smtpCode, decision.enhancedCode, decision.httpStatus]).toEqual(expected);
      expect(decision.retryAfter).toBeGreaterThan(0);
    }
  });
});

it.each([
  [64 * MB, 16 * MB],
  [2 * GB, 256 * MB],
  [20 * GB, GB],
  [10_000 * GB, 5 * GB],
])('on a disk of %d bytes %d stay free', (total, floor) => {
  expect(defaultDiskFloor(total)).toBe(floor);
});

describe('decideBallast', () => {
  const floor = 100 * MB;
  const size = ballastFor(floor);
  it.each([
    ['room for it', { free: floor + 2 * size + 1, held: 0 }, 'take'],
    ['not enough room for it', { free: floor + 2 * size, held: 0 }, 'keep'],
    ['held, and room', { free: floor, held: size }, 'keep'],
    ['held, below the floor', { free: size / 2, held: size }, 'keep'],
    ['held, next to nothing free', { free: size / 2 - 1, held: size }, 'drop'],
    ['held, and a commit found no room', { free: floor, held: size, isFull: true }, 'drop'],
    ['a commit found no room where there seems to be some', { free: GB, held: 0, isFull: true }, 'keep'],
  ])('%s', (_name, facts, move) => {
    expect(decideBallast({ floor, isFull: false, ...facts })).toBe(move);
  });

  it('wants none without a floor, and at most 32 MB', () => {
    expect(decideBallast({ free: GB, floor: 0, held: 0, isFull: false })).toBe('keep');
    expect([ballastFor(8 * MB), ballastFor(GB)]).toEqual([4 * MB, 32 * MB]);
  });
});

describe('the watch', () => {
  let pressure: Pressure | undefined;
  afterEach(() => pressure?.stop());

  function watch(fields: Partial<PressureDeps> = {}) {
    const world = {
      free: 10 * GB,
      held: 0,
      used: 10,
      probes: 0,
      relieved: 0,
      lines: [] as string[],
      /** What the store tells its watcher. */
      told: undefined as SpoolWatcher | undefined,
    };
    pressure = makePressure({
      spool: {
        async watch(watcher) {
          world.told = watcher;
          return () => undefined;
        },
        async probe() {
          world.probes++;
          if (world.free < MB) throw new StoreError('full', 'full');
          world.told?.health('ok');
        },
      },
      room: {
        measure: async () => ({ free: world.free, total: 100 * GB, walBytes: 0 }),
        ballast: async () => world.held,
        async takeBallast(bytes) {
          world.held = bytes;
        },
        async dropBallast() {
          world.free += world.held;
          world.held = 0;
        },
      },
      logger: pino({ level: 'info' }, { write: (line: string) => void world.lines.push(line) }),
      limits: { queuedPerAccount: 5, queuedBytesPerAccount: null, diskFloor: 100 * MB },
      memory: () => ({ used: world.used, limit: 100 }),
      relieve: () => world.relieved++,
      everyMs: 5,
      ...fields,
    });
    return { world, pressure };
  }

  it('takes ballast while there is room and gives it up when the disk is full', async () => {
    const { world, pressure } = watch();
    await pressure.start();
    await waitFor(() => world.held === 32 * MB);
    expect(pressure.state()).toMatchObject({ accepting: true, store: 'ok', disk: { floor: 100 * MB } });
    world.free = 50 * MB;
    await waitFor(() => !pressure.state().accepting);
    expect(pressure.refusal()).toMatchObject({ smtpCode: 452, httpStatus: 507 });
    expect(world.held).toBe(32 * MB);
    world.free = 0;
    await waitFor(() => world.held === 0);
    world.free = GB;
    await waitFor(() => pressure.state().accepting && world.held === 32 * MB);
    expect(world.lines.map((line) => JSON.parse(line).msg)).toEqual([
      'no mail is accepted',
      'disk is full: ballast given up so that deliveries go on',
      'mail is accepted again',
    ]);
  });

  it('asks the store until it works again, and not after', async () => {
    const { world, pressure } = watch();
    await pressure.start();
    await waitFor(() => world.held > 0);
    world.free = 0;
    world.told?.health('full');
    await waitFor(() => world.probes > 0);
    await waitFor(() => world.held === 0);
    await waitFor(() => pressure.state().store === 'ok');
    const { probes } = world;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(world.probes).toBe(probes);
  });

  it('holds an account to its cap, at once and nobody else', async () => {
    const { world, pressure } = watch();
    await pressure.start();
    world.told?.backlog(1, { deliveries: 5, bytes: 0 });
    expect(pressure.refusal(1)).toMatchObject({ smtpCode: 452, httpStatus: 429 });
    expect([pressure.refusal(2), pressure.refusal()]).toEqual([undefined, undefined]);
    expect(pressure.state().accepting).toBe(true);
    world.told?.backlog(1, { deliveries: 4, bytes: 0 });
    expect(pressure.refusal(1)).toBeUndefined();
  });

  it('gives up caches before it refuses mail for want of memory', async () => {
    const { world, pressure } = watch();
    await pressure.start();
    world.used = 80;
    await waitFor(() => world.relieved > 0);
    expect(pressure.refusal()).toBeUndefined();
    world.used = 95;
    await waitFor(() => pressure.refusal()?.httpStatus === 503);
    world.used = 10;
    await waitFor(() => pressure.refusal() === undefined);
  });

  it('goes on when the disk cannot be asked', async () => {
    const { pressure } = watch({
      room: {
        measure: () => Promise.reject(new StoreError('failed', 'EIO')),
        ballast: async () => 0,
        takeBallast: async () => undefined,
        dropBallast: async () => undefined,
      },
    });
    await pressure.start();
    expect(pressure.state()).toMatchObject({ accepting: true, disk: undefined });
  });

  it('goes on with what it found last when memory cannot be measured', async () => {
    let looks = 0;
    const { pressure } = watch({
      memory: () => {
        looks += 1;
        if (looks > 1) throw new Error('EMFILE: too many open files');
        return { used: 10, limit: 100 };
      },
    });
    await pressure.start();
    await waitFor(() => looks > 3);
    expect(pressure.state()).toMatchObject({ accepting: true, memory: { used: 10, limit: 100 } });
  });
});
