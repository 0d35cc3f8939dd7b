/**
 * Keeps lanes busy: a lane takes one due delivery of a path after another, attempts it and settles it, until nothing is due or the path has no room.
 * A lane goes on to its next attempt while the last settlement is being written, never further, so that a crash repeats at most that one per lane.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, StoreError } from '#core';
import type { Queue, Verdict } from '#queue';
import type { Routes } from '#routing';
import type { AttemptListener, Attempts } from '../attempt/boundary.js';
import { DEFAULT_SOURCE, type Path, type PathLimits, type Paths, type Standing } from '../paths/paths.js';
import type { Throttle } from '../shaping/throttle.js';
import type { ReadyQueue, Taken } from '../sources/ready-queue.js';
import { type AttemptDeliveryDeps, makeAttemptDelivery } from './attempt-delivery.js';
import { makeStallingMessages } from './stalling-messages.js';
import { makeStalls } from './stalls.js';
import type { Suspensions } from './suspensions.js';

export interface DispatcherDeps extends Omit<AttemptDeliveryDeps, 'stalls' | 'stalling' | 'onSuspended'> {
  queue: Queue;
  readyQueue: ReadyQueue;
  routes: Routes;
  paths: Paths;
  suspensions: Suspensions;
  throttle: Throttle;
  attempts: Pick<Attempts, 'run' | 'giveUp'>;
  limits: PathLimits;
}

export interface DispatcherStats {
  lanes: number;
  /** Paths with work that are not suspended. */
  sites: number;
  /** Paths with work that wait for a lane. */
  waiting: number;
  suspended: number;
  /** Attempts whose messages stand still beside the windows of their paths. */
  stalled: number;
  /** Attempts that were given up because too many stood still, since the start. */
  givenUp: number;
  /** The busiest few. */
  paths: readonly Path[];
}

export interface Dispatcher {
  start(): void;
  /** The path may have something to take. */
  onReady(path: Path): void;
  onProgress: AttemptListener['onProgress'];
  /** No new attempts. */
  halt(): void;
  /** Resolves when every lane has ended and settled what it sent. */
  finished(): Promise<void>;
  stats(): DispatcherStats;
}

const MAX_SETTLE_PAUSE = 30_000;
const SHOWN_PATHS = 20;
const STANDINGS = ['proven', 'new', 'failing'] as const;

/** What is being done for one path. */
interface Work {
  path: Path;
  /** There may be something that is due. */
  hasMore: boolean;
  /** Set while a rate lets it take nothing. */
  timer: NodeJS.Timeout | undefined;
}

const nameOf = ({ source, site }: Path) => `${source} ${site}`;

export function makeDispatcher(deps: DispatcherDeps): Dispatcher {
  const { queue, readyQueue, routes, clock, logger, limits, paths, suspensions, throttle } = deps;
  const works = new Map<string, Work>();
  /** Paths that would go on if there were room, by what is known of them, with their turn. */
  const waiting: Record<Standing, Map<Work, number>> = { proven: new Map(), new: new Map(), failing: new Map() };
  let turn = 0;
  const lanes = new Set<Promise<void>>();
  /** Paths that wait for a connection to their provider. */
  const crowdedOut = new Map<string, Set<Work>>();
  const stalling = makeStallingMessages({ queue, clock, logger });
  const stalls = makeStalls({
    paths,
    limits,
    clock,
    logger,
    mostConnections: throttle.mostConnections,
    mayOpen: (path) =>
      path.lanes < (throttle.mostConnections(path) ?? limits.total) &&
      paths.hasRoom(path.standing) &&
      throttle.fullProvider(path) === undefined,
    isWanted: (path) => works.get(nameOf(path))?.hasMore === true,
    giveUp: deps.attempts.giveUp,
    onStill: stalling.still,
    onBeside: stalling.beside,
    onRoom(path) {
      const work = works.get(nameOf(path));
      if (work !== undefined) pump(work);
    },
  });
  const attemptDelivery = makeAttemptDelivery({ ...deps, stalls, stalling, onSuspended: stopTaking });
  let isHalted = false;

  function onReady(path: Path): void {
    if (isHalted) return;
    let work = works.get(nameOf(path));
    if (work === undefined) {
      if (suspensions.remind(path)) return;
      work = { path, hasMore: true, timer: undefined };
      works.set(nameOf(path), work);
    }
    work.hasMore = true;
    pump(work);
  }

  function onUnplaced(destination: string): void {
    if (isHalted) return;
    // The look-up itself tells the queue at which site the destination is.
    if (routes.known(destination) === undefined) void routes.resolve(destination);
  }

  function pump(work: Work): void {
    serve(work);
    serveWaiting();
  }

  /** Starts what may start now. What has no room waits. A path that wants a second lane waits while other paths wait for their first one. */
  function serve(work: Work): void {
    if (isHalted || work.timer !== undefined) return;
    const { path } = work;
    while (work.hasMore && mayStart(path)) {
      const taken = take(work, true);
      if (taken === undefined) break;
      startLane(work, taken);
      if (firstWaiting() !== undefined) break;
    }
    if (work.timer !== undefined) return;
    if (!work.hasMore) {
      if (path.lanes === 0) forget(work);
    } else if (path.lanes < throttle.lanesAllowed(path)) wait(work);
  }

  /** Waits for a free connection: one that its provider takes, or one of this server's total. */
  function wait(work: Work): void {
    const provider = throttle.fullProvider(work.path);
    if (provider === undefined) waiting[work.path.standing].set(work, turn++);
    else {
      const others = crowdedOut.get(provider) ?? new Set();
      crowdedOut.set(provider, others.add(work));
    }
  }

  function forget(work: Work): void {
    for (const standing of STANDINGS) waiting[standing].delete(work);
    for (const others of crowdedOut.values()) others.delete(work);
    works.delete(nameOf(work.path));
  }

  function take(work: Work, isNewLane: boolean): Taken | undefined {
    const { path } = work;
    const pause = throttle.wait(path, isNewLane);
    if (pause > 0) {
      work.timer ??= setTimeout(() => {
        work.timer = undefined;
        pump(work);
      }, pause).unref();
      return undefined;
    }
    let taken = readyQueue.take(path);
    while (taken !== undefined && !stalling.admit(path, taken.delivery)) {
      readyQueue.returned(taken);
      taken = readyQueue.take(path);
    }
    if (taken === undefined) work.hasMore = false;
    else throttle.took(path);
    return taken;
  }

  const mayStart = (path: Path) =>
    path.lanes < throttle.lanesAllowed(path) && paths.hasRoom(path.standing) && throttle.fullProvider(path) === undefined;

  /** Of the paths there is room for, the one that has waited longest. */
  function firstWaiting(): Work | undefined {
    let first: Work | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const standing of STANDINGS) {
      const [head] = waiting[standing];
      if (head === undefined || head[1] >= earliest || !paths.hasRoom(standing)) continue;
      [first, earliest] = head;
    }
    return first;
  }

  function serveWaiting(): void {
    for (let work = firstWaiting(); work !== undefined; work = firstWaiting()) {
      for (const standing of STANDINGS) waiting[standing].delete(work);
      serve(work);
    }
  }

  function serveProvider(provider: string | undefined): void {
    const others = crowdedOut.get(provider ?? '');
    const [next] = others ?? [];
    if (provider === undefined || others === undefined || next === undefined) return;
    others.delete(next);
    if (others.size === 0) crowdedOut.delete(provider);
    serve(next);
  }

  function startLane(work: Work, first: Taken): void {
    paths.started(work.path);
    throttle.started(work.path);
    const lane = runLane(work, first).finally(() => {
      lanes.delete(lane);
      paths.ended(work.path);
      serveProvider(throttle.ended(work.path));
      // Paths that waited come first: a site with much mail goes behind them.
      serveWaiting();
      pump(work);
    });
    lanes.add(lane);
  }

  async function runLane(work: Work, first: Taken): Promise<void> {
    let settling: Promise<void> | undefined;
    for (let taken: Taken | undefined = first; taken !== undefined; ) {
      const { delivery } = taken;
      const decision = await attemptDelivery(work.path, taken);
      readyQueue.returned(taken);
      stalling.left(work.path, delivery);
      await settling;
      settling = undefined;
      if (decision === 'back') queue.giveBack(delivery);
      else if (decision === 'held') queue.defer(delivery);
      else settling = settle(delivery, decision);
      pump(work);
      taken = isHalted || mustYield(work) ? undefined : take(work, false);
    }
    await settling;
  }

  /** True when the lane must end: the window has shrunk, or other paths wait for a lane and this one has had its share. */
  function mustYield({ path, timer }: Work): boolean {
    const { lanes: running, standing, suspendedUntil } = path;
    if (suspendedUntil > 0 || timer !== undefined || running > throttle.lanesAllowed(path)) return true;
    if (standing === 'failing') return waiting.proven.size + waiting.new.size + waiting.failing.size > 0;
    const rivals = works.size - waiting.failing.size;
    return waiting.proven.size + waiting.new.size > 0 && running > Math.floor(limits.total / rivals);
  }

  function stopTaking(path: Path): void {
    const work = works.get(nameOf(path));
    if (work !== undefined) work.hasMore = false;
  }

  /** Tries until the verdict is written, because a delivery that is not recorded would be made again. Never rejects. */
  async function settle(delivery: Delivery, verdict: Verdict): Promise<void> {
    for (let pause = 500; ; pause = Math.min(2 * pause, MAX_SETTLE_PAUSE)) {
      try {
        const found = await queue.settle(delivery, verdict);
        if (!found) logger.info({ delivery: delivery.id }, 'delivery had been cancelled during its attempt');
        return;
      } catch (err) {
        logger.error({ err, delivery: delivery.id, verdict: verdict.kind }, 'could not settle a delivery');
        if (err instanceof StoreError && err.kind === 'closed') return;
        await sleep(pause, undefined, { ref: false });
      }
    }
  }

  function explain(site: string, delivery: Delivery): string | undefined {
    const why = stalling.explain(site, delivery) ?? readyQueue.explain(delivery);
    if (why !== undefined) return why;
    for (const work of works.values()) {
      const load = work.path.site === site ? explainLoad(work) : undefined;
      if (load !== undefined) return load;
    }
    return undefined;
  }

  /** Says where a delivery stands that was taken from the queue and given to a path, and waits there for a lane. */
  function explainTaken(delivery: Delivery): string | undefined {
    const path = readyQueue.waitsFor(delivery);
    if (path === undefined) return stalls.explain(delivery);
    const work = works.get(nameOf(path));
    const load = work === undefined ? undefined : explainLoad(work);
    const from = path.source === DEFAULT_SOURCE ? '' : ` from ${path.source}`;
    return `Next in line for a connection${from} to ${path.site}${load === undefined ? '' : `; ${load}`}`;
  }

  function explainLoad(work: Work): string | undefined {
    const { lanes: running, source, site } = work.path;
    const from = source === DEFAULT_SOURCE ? '' : ` from ${source}`;
    if (work.timer !== undefined) return `the rate that ${site} is sent mail at${from} is reached`;
    if (running >= throttle.lanesAllowed(work.path)) {
      const used = running === 1 ? 'the one connection' : `all ${running} connections`;
      return `${used} that ${site} is given now${from} ${running === 1 ? 'is' : 'are'} in use`;
    }
    const provider = throttle.fullProvider(work.path);
    if (provider !== undefined) return `all connections that ${provider} is given are in use`;
    return waiting[work.path.standing].has(work) ? 'all connections of this server are in use' : undefined;
  }

  return {
    start: () =>
      queue.listen({
        onDue: (site) => isHalted || readyQueue.onDue(site),
        onUnplaced,
        explain,
        explainDeferral: readyQueue.explain,
        explainTaken,
      }),
    onReady,
    onProgress: stalls.onProgress,
    halt() {
      isHalted = true;
      suspensions.stop();
      stalls.stop();
      stalling.stop();
      readyQueue.stop();
      for (const { timer } of works.values()) clearTimeout(timer);
    },
    async finished() {
      while (lanes.size > 0) await Promise.all(lanes);
    },
    stats: () => ({
      lanes: paths.total(),
      paths: paths.busiest(SHOWN_PATHS),
      sites: works.size,
      waiting: STANDINGS.reduce((sum, standing) => sum + waiting[standing].size, 0),
      suspended: suspensions.size(),
      ...stalls.stats(),
    }),
  };
}
