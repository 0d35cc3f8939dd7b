/**
 * Watches disk, memory and the store by one timer, and says at once whether mail can be taken in. Also keeps the ballast: gives it up when the disk
 * is full, so that deliveries go on, and takes it again when there is room.
 */
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Refusal } from '#core';
import type { Backlog, DiskFacts, DiskRoom, SpoolHealth, SpoolStore } from '#store';
import { ballastFor, decideBallast, decidePressure, defaultDiskFloor, type PressureLimits, TIGHT_MEMORY } from './decide-pressure.js';

export interface PressureDeps {
  spool: Pick<SpoolStore, 'watch' | 'probe'>;
  room: DiskRoom;
  logger: Logger;
  limits: PressureLimits & { /** Free bytes; auto: by the size of the disk. */ diskFloor: number | 'auto' };
  /** Bytes this process holds, and how many it may. */
  memory: () => { used: number; limit: number };
  /** Called at each look while memory is tight: gives up what can be had again. */
  relieve?: () => void;
  /** Time between two looks, ms. */
  everyMs?: number;
}

/** What the last look found; for health checks. */
export interface PressureState {
  /** Mail is taken in, as far as this server as a whole is concerned. */
  accepting: boolean;
  /** Why not, for the operator; undefined when it is. */
  reason: string | undefined;
  /** What came of the last commit. */
  store: SpoolHealth;
  memory: { used: number; limit: number };
  /** Undefined when the disk could not be asked. */
  disk: (DiskFacts & { floor: number; ballast: number }) | undefined;
}

export interface Pressure {
  /** Why no mail of this account (or of nobody) is taken in at the moment. Costs next to nothing. */
  refusal(account?: number): Refusal | undefined;
  state(): PressureState;
  /** Resolves when the store has told how things stand, and the disk was looked at for the first time. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const EVERY_MS = 500;
const NOTHING: Backlog = { deliveries: 0, bytes: 0 };

export function makePressure({ spool, room, logger, limits, relieve, everyMs = EVERY_MS, ...deps }: PressureDeps): Pressure {
  const stopping = new AbortController();
  /** As the store tells of them. */
  const backlogs = new Map<number, Backlog>();
  let health: SpoolHealth = 'ok';
  let memory = deps.memory();
  let disk: PressureState['disk'];
  let wasAccepting = true;
  let running: Promise<void> | undefined;
  let unwatch: (() => void) | undefined;

  const decide = (account: number | undefined) =>
    decidePressure({ backlog: account === undefined ? undefined : (backlogs.get(account) ?? NOTHING), limits, memory, disk });

  function state(): PressureState {
    const decision = decide(undefined);
    return {
      accepting: decision === 'ok',
      reason: decision === 'ok' ? undefined : (decision.reason ?? decision.publicText),
      store: health,
      memory,
      disk,
    };
  }

  async function measure(): Promise<NonNullable<PressureState['disk']>> {
    const facts = await room.measure();
    const floor = limits.diskFloor === 'auto' ? defaultDiskFloor(facts.total) : limits.diskFloor;
    disk = { ...facts, floor, ballast: await room.ballast() };
    return disk;
  }

  async function tendBallast({ free, floor, ballast }: NonNullable<PressureState['disk']>): Promise<void> {
    const move = decideBallast({ free, floor, held: ballast, isFull: health === 'full' });
    if (move === 'drop') {
      await room.dropBallast();
      logger.warn({ free, ballast }, 'disk is full: ballast given up so that deliveries go on');
    } else if (move === 'take') await room.takeBallast(ballastFor(floor));
  }

  async function look(): Promise<void> {
    try {
      memory = deps.memory();
    } catch (error) {
      // It is read from a file, and there may be no descriptor left; what was found last stands.
      logger.debug({ err: error }, 'memory cannot be measured');
    }
    if (memory.used > memory.limit * TIGHT_MEMORY) relieve?.();
    try {
      await tendBallast(await measure());
      // Nothing else may be committed for a long time, and the store would be called broken all the while.
      if (health !== 'ok') await spool.probe();
    } catch (error) {
      logger.debug({ err: error }, 'disk or store does not answer as it should');
    }
    tellOfChange();
  }

  function tellOfChange(): void {
    const { accepting, reason } = state();
    if (accepting === wasAccepting) return;
    wasAccepting = accepting;
    if (accepting) logger.info('mail is accepted again');
    else logger.error({ reason }, 'no mail is accepted');
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    refusal(account) {
      const decision = decide(account);
      return decision instanceof Refusal ? decision : undefined;
    },
    state,
    async start() {
      unwatch = await spool.watch({
        backlog: (account, backlog) => void backlogs.set(account, backlog),
        health(now) {
          health = now;
        },
      });
      // What cannot be asked now is asked again soon; nobody waits for ballast to be written.
      await measure().catch(() => undefined);
      running = watch();
    },
    async stop() {
      stopping.abort();
      await running;
      unwatch?.();
    },
  };
}

/** Memory of this process against what it may use: the limit of its control group, or the machine's memory. Bytes. */
export function readMemory(): { used: number; limit: number } {
  // 0 or a number beyond the machine when no limit is set.
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return { used: process.memoryUsage.rss(), limit: Math.min(constrained, totalmem()) };
}
