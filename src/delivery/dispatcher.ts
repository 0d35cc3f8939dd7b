/**
 * Keeps lanes busy: a lane takes one due delivery of a site after another, attempts it and settles it, until nothing is due or the path has no room.
 * A lane goes on to its next attempt while the last settlement is being written, never further, so that a crash repeats at most that one per lane.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, type Delivery, HOUR, type Message, type Outcome, randomJitter, StoreError } from '#core';
import type { Directory } from '#directory';
import type { Recorder } from '#events';
import type { Queue, Verdict } from '#queue';
import { decideVerdict } from './outcome.js';
import { makePaths, type Path, type PathLimits, type Standing } from './paths.js';
import { reachOf } from './reach-of.js';
import { destinationOfNobody, isNobody, type Routes } from './routes.js';

export interface DispatcherDeps {
  queue: Queue;
  routes: Routes;
  directory: Pick<Directory, 'accounts'>;
  recorder: Recorder;
  attempt: (delivery: Delivery, message: Message) => Promise<Outcome>;
  clock: Clock;
  logger: Logger;
  limits: PathLimits;
}

export interface DispatcherStats {
  lanes: number;
  /** Sites with work, suspended ones aside. */
  sites: number;
  /** Those of them that wait for a lane. */
  waiting: number;
  suspended: number;
  /** The busiest few. */
  paths: readonly Path[];
}

export interface Dispatcher {
  start(): void;
  /** No new attempts. */
  halt(): void;
  /** Resolves when every lane has ended and settled what it sent. */
  finished(): Promise<void>;
  stats(): DispatcherStats;
}

/** Pause of a lane after an error of this server's own, ms. */
const ERROR_PAUSE = 2000;
const MAX_SETTLE_PAUSE = 30_000;
const SHOWN_PATHS = 20;
const STANDINGS = ['proven', 'new', 'failing'] as const;

/** What is being done for one site. */
interface Work {
  path: Path;
  /** The queue may have something that is due. */
  hasMore: boolean;
}

/** What becomes of a delivery that was taken: a verdict, back to the queue as if it had not been taken, or aside until a hold is released. */
type Decision = Verdict | 'back' | 'aside';

export function makeDispatcher(deps: DispatcherDeps): Dispatcher {
  const { queue, routes, clock, logger, limits } = deps;
  const paths = makePaths({ limits, clock, jitter: randomJitter });
  const works = new Map<string, Work>();
  /** Sites that would go on if there were room, by what is known of them, with their turn. */
  const waiting: Record<Standing, Map<Work, number>> = { proven: new Map(), new: new Map(), failing: new Map() };
  let turn = 0;
  const lanes = new Set<Promise<void>>();
  /** Suspended paths with the timer that wakes them. */
  const suspended = new Map<Path, NodeJS.Timeout>();
  let isHalted = false;

  function onDue(site: string): void {
    if (isHalted) return;
    let work = works.get(site);
    if (work === undefined) {
      const path = paths.get(site);
      // The queue had forgotten the site meanwhile.
      if (path.suspendedUntil > 0 && suspended.has(path)) {
        queue.rest(site, path.suspendedUntil, REST_REASON);
        return;
      }
      work = { path, hasMore: true };
      works.set(site, work);
    }
    work.hasMore = true;
    pump(work);
  }

  function onUnplaced(destination: string): void {
    if (isHalted) return;
    // Whoever finds the route says so to the queue.
    if (routes.known(destination) === undefined) void routes.resolve(destination);
  }

  function pump(work: Work): void {
    serve(work);
    serveWaiting();
  }

  /** Starts what may start now; what there is no room for waits, and so does who wants a second lane while others wait for their first. */
  function serve(work: Work): void {
    if (isHalted) return;
    const { path } = work;
    while (work.hasMore && mayStart(path)) {
      const delivery = take(work);
      if (delivery === undefined) break;
      startLane(work, delivery);
      if (firstWaiting() !== undefined) break;
    }
    if (!work.hasMore) {
      if (path.lanes === 0) forget(work);
    } else if (path.lanes < path.window) waiting[path.standing].set(work, turn++);
  }

  function forget(work: Work): void {
    for (const standing of STANDINGS) waiting[standing].delete(work);
    works.delete(work.path.site);
  }

  function take(work: Work): Delivery | undefined {
    const [delivery] = queue.take(work.path.site, 1);
    if (delivery === undefined) work.hasMore = false;
    return delivery;
  }

  const mayStart = ({ lanes: running, window, standing }: Path) => running < window && paths.hasRoom(standing);

  /** Who has waited longest among those there is room for. */
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

  function startLane(work: Work, first: Delivery): void {
    paths.started(work.path);
    const lane = runLane(work, first).finally(() => {
      lanes.delete(lane);
      paths.ended(work.path);
      // First those who waited, so that a site with much mail goes behind them.
      serveWaiting();
      pump(work);
    });
    lanes.add(lane);
  }

  async function runLane(work: Work, first: Delivery): Promise<void> {
    let settling: Promise<void> | undefined;
    for (let delivery: Delivery | undefined = first; delivery !== undefined; ) {
      const decision = await decide(work, delivery);
      await settling;
      settling = undefined;
      if (decision === 'back') queue.giveBack(delivery);
      else if (decision === 'aside') queue.setAside(delivery);
      else settling = settle(delivery, decision);
      pump(work);
      delivery = isHalted || mustYield(work) ? undefined : take(work);
    }
    await settling;
  }

  /** The window has shrunk, or others wait for a lane and this site has had its share. */
  function mustYield({ path: { lanes: running, window, standing, suspendedUntil } }: Work): boolean {
    if (suspendedUntil > 0 || running > window) return true;
    if (standing === 'failing') return waiting.proven.size + waiting.new.size + waiting.failing.size > 0;
    const rivals = works.size - waiting.failing.size;
    return waiting.proven.size + waiting.new.size > 0 && running > Math.floor(limits.total / rivals);
  }

  async function decide({ path }: Work, delivery: Delivery): Promise<Decision> {
    try {
      const startedAt = clock.now();
      const message = await queue.message(delivery.message);
      if (message === undefined) return missing(delivery, startedAt);
      if (queue.isHeld(delivery, message)) return 'aside';
      // Before the attempt: nothing that can fail may stand between a delivered message and its verdict.
      const { publicId } = await deps.directory.accounts.get(message.account);
      const outcome = await deps.attempt(delivery, message);
      if (outcome.kind === 'released' || isReleased(path, outcome)) return 'back';
      const ended = { delivery, message, accountId: publicId, outcome, startedAt, now: clock.now(), jitter: randomJitter() };
      return decideVerdict(ended, deps.recorder);
    } catch (err) {
      logger.error({ err, delivery: delivery.id }, 'delivery could not be attempted');
      await sleep(ERROR_PAUSE, undefined, { ref: false });
      return 'back';
    }
  }

  /** Learns from the outcome. True when the peer only had no room for one connection more: the message was not tried. */
  function isReleased(path: Path, outcome: Exclude<Outcome, { kind: 'released' }>): boolean {
    const wasSuspended = path.suspendedUntil > 0;
    const noted = paths.note(path, reachOf(outcome));
    if (!wasSuspended && path.suspendedUntil > 0) suspend(path, outcome.reply.text);
    else if (wasSuspended && path.suspendedUntil === 0) wake(path);
    return noted === 'crowded' && outcome.kind === 'deferred';
  }

  function suspend(path: Path, why: string): void {
    logger.info({ site: path.site, until: path.suspendedUntil, why }, 'site does not answer and is left alone');
    queue.rest(path.site, path.suspendedUntil, `${REST_REASON}: ${why}`);
    const work = works.get(path.site);
    if (work !== undefined) work.hasMore = false;
    suspended.set(path, setTimeout(() => void probe(path), Math.max(0, path.suspendedUntil - clock.now())).unref());
  }

  /** One lane finds out; for a destination that nobody takes mail for, first another look-up, which may send its mail elsewhere. */
  async function probe(path: Path): Promise<void> {
    if (isNobody(path.site)) await routes.resolve(destinationOfNobody(path.site));
    if (suspended.has(path)) {
      paths.resume(path);
      wake(path);
    }
  }

  function wake(path: Path): void {
    clearTimeout(suspended.get(path));
    suspended.delete(path);
    if (!isHalted) queue.wake(path.site);
  }

  /** A row whose message is gone: there is nothing to send and nothing an event could say, so it stays where the operator sees it. */
  function missing(delivery: Delivery, now: number): Verdict {
    logger.error({ delivery: delivery.id, message: delivery.message }, 'message of a queued delivery is missing from the spool');
    const last = {
      firstAttemptAt: delivery.last?.firstAttemptAt ?? now,
      code: 451,
      enhancedCode: '4.3.0',
      message: 'Message is missing from the spool',
    };
    return { kind: 'defer', due: now + HOUR, attempts: delivery.attempts, last, events: [] };
  }

  /** Tries until it is written: what was delivered and not recorded would be delivered again. Never rejects. */
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

  function explain(site: string): string | undefined {
    const work = works.get(site);
    if (work === undefined) return undefined;
    const { lanes: running, window } = work.path;
    if (running >= window) return `all ${running} connections that ${site} is given now are in use`;
    return waiting[work.path.standing].has(work) ? 'all connections of this server are in use' : undefined;
  }

  return {
    start: () => queue.listen({ onDue, onUnplaced, explain }),
    halt() {
      isHalted = true;
      for (const timer of suspended.values()) clearTimeout(timer);
    },
    async finished() {
      while (lanes.size > 0) await Promise.all(lanes);
    },
    stats: () => ({
      lanes: paths.total(),
      paths: paths.busiest(SHOWN_PATHS),
      sites: works.size,
      waiting: STANDINGS.reduce((sum, standing) => sum + waiting[standing].size, 0),
      suspended: suspended.size,
    }),
  };
}

const REST_REASON = 'no session could be had';
