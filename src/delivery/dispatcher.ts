/**
 * Keeps lanes busy: a lane takes due deliveries of one destination, attempts them one after another and settles each, until nothing is due. A lane
 * goes on to its next attempt while the last settlement is being written, never further, so that a crash repeats at most that one per lane.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, type Delivery, HOUR, type Message, type Outcome, randomJitter, StoreError } from '#core';
import type { Directory } from '#directory';
import type { Recorder } from '#events';
import type { Queue, Verdict } from '#queue';
import { type Destination, type Destinations, makeDestinations, type Standing } from './destinations.js';
import { decideVerdict } from './outcome.js';

export interface DispatcherDeps {
  queue: Queue;
  directory: Pick<Directory, 'accounts'>;
  recorder: Recorder;
  attempt: (delivery: Delivery, message: Message) => Promise<Outcome>;
  clock: Clock;
  logger: Logger;
  limits: { perDestination: number; total: number };
}

export interface Dispatcher {
  start(): void;
  /** No new attempts; what was taken and not begun goes back to the queue. */
  halt(): void;
  /** Resolves when every lane has ended and settled what it sent. */
  finished(): Promise<void>;
  stats(): { lanes: number; destinations: number; ready: number };
}

/** Taken from the queue at once, at most. */
const MAX_BATCH = 32;
/** Pause of a lane after an error of this server's own, ms. */
const ERROR_PAUSE = 2000;
const MAX_SETTLE_PAUSE = 30_000;
const STANDINGS = ['proven', 'new', 'failing'] as const;

/** What is being done for one destination. */
interface Work {
  destination: Destination;
  /** Taken, not begun. */
  ready: Delivery[];
  /** The queue may have more that is due. */
  hasMore: boolean;
  taking: Promise<void> | undefined;
}

export function makeDispatcher(deps: DispatcherDeps): Dispatcher {
  const { queue, clock, logger, limits } = deps;
  const destinations: Destinations = makeDestinations(limits);
  const works = new Map<string, Work>();
  /** Destinations that would go on if there were room, by what is known of them, with their turn. */
  const waiting: Record<Standing, Map<Work, number>> = { proven: new Map(), new: new Map(), failing: new Map() };
  let turn = 0;
  const lanes = new Set<Promise<void>>();
  let isHalted = false;

  function onDue(name: string): void {
    if (isHalted) return;
    let work = works.get(name);
    if (work === undefined) {
      work = { destination: destinations.get(name), ready: [], hasMore: true, taking: undefined };
      works.set(name, work);
    }
    work.hasMore = true;
    pump(work);
  }

  function pump(work: Work): void {
    serve(work);
    serveWaiting();
  }

  /** Starts what may start now; what there is no room for waits, and so does who wants a second lane while others wait for their first. */
  function serve(work: Work): void {
    if (isHalted) return;
    const { destination, ready } = work;
    while (ready.length > 0 && mayStart(destination)) {
      startLane(work);
      if (firstWaiting() !== undefined) break;
    }
    if (ready.length === 0 && !work.hasMore) {
      if (destination.lanes === 0 && work.taking === undefined) works.delete(destination.name);
    } else if (destination.lanes >= destination.window) return;
    else if (!destinations.hasRoom(destination.standing) || ready.length > 0) waiting[destination.standing].set(work, turn++);
    else void refill(work);
  }

  const mayStart = ({ lanes: running, window, standing }: Destination) => running < window && destinations.hasRoom(standing);

  /** Who has waited longest among those there is room for. */
  function firstWaiting(): Work | undefined {
    let first: Work | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const standing of STANDINGS) {
      const [head] = waiting[standing];
      if (head === undefined || head[1] >= earliest || !destinations.hasRoom(standing)) continue;
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

  /** Shared by all who want more of the same destination. */
  function refill(work: Work): Promise<void> {
    work.taking ??= take(work).finally(() => {
      work.taking = undefined;
      pump(work);
    });
    return work.taking;
  }

  async function take(work: Work): Promise<void> {
    const { destination } = work;
    work.hasMore = false;
    try {
      const taken = await queue.take(destination.name, Math.min(MAX_BATCH, 2 * destination.window));
      if (taken.length > 0) work.hasMore = true;
      if (isHalted) for (const delivery of taken) queue.giveBack(delivery);
      else work.ready.push(...taken);
    } catch (err) {
      // The queue calls again when it has found its feet.
      logger.error({ err, destination: destination.name }, 'could not take deliveries');
    }
  }

  function startLane(work: Work): void {
    destinations.started(work.destination);
    const lane = runLane(work).finally(() => {
      lanes.delete(lane);
      destinations.ended(work.destination);
      // First those who waited, so that a destination with much mail goes behind them.
      serveWaiting();
      pump(work);
    });
    lanes.add(lane);
  }

  async function runLane(work: Work): Promise<void> {
    let settling: Promise<void> | undefined;
    for (let delivery = work.ready.shift(); delivery !== undefined; delivery = await next(work)) {
      const verdict = await decide(work, delivery);
      await settling;
      settling = undefined;
      if (verdict === undefined) queue.giveBack(delivery);
      else settling = settle(delivery, verdict);
      pump(work);
      if (mustYield(work)) break;
    }
    await settling;
  }

  async function next(work: Work): Promise<Delivery | undefined> {
    if (isHalted) return undefined;
    if (work.ready.length === 0 && (work.hasMore || work.taking !== undefined)) await refill(work);
    const delivery = work.ready.shift();
    if (work.ready.length < work.destination.lanes && work.hasMore) void refill(work);
    return delivery;
  }

  /** The window has shrunk, or others wait for a lane and this destination has had its share. */
  function mustYield({ destination: { lanes: running, window, standing } }: Work): boolean {
    if (running > window) return true;
    if (standing === 'failing') return waiting.proven.size + waiting.new.size + waiting.failing.size > 0;
    const rivals = works.size - waiting.failing.size;
    return waiting.proven.size + waiting.new.size > 0 && running > Math.floor(limits.total / rivals);
  }

  /** Undefined: nothing was tried. */
  async function decide({ destination }: Work, delivery: Delivery): Promise<Verdict | undefined> {
    try {
      const startedAt = clock.now();
      const message = await queue.message(delivery.message);
      if (message === undefined) return missing(delivery, startedAt);
      // Before the attempt: nothing that can fail may stand between a delivered message and its verdict.
      const { publicId } = await deps.directory.accounts.get(message.account);
      const outcome = await deps.attempt(delivery, message);
      if (outcome.kind === 'released') return undefined;
      noteReach(destination, outcome);
      const ended = { delivery, message, accountId: publicId, outcome, startedAt, now: clock.now(), jitter: randomJitter() };
      return decideVerdict(ended, deps.recorder);
    } catch (err) {
      logger.error({ err, delivery: delivery.id }, 'delivery could not be attempted');
      await sleep(ERROR_PAUSE, undefined, { ref: false });
      return undefined;
    }
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

  function noteReach(destination: Destination, outcome: Exclude<Outcome, { kind: 'released' }>): void {
    if (outcome.kind === 'delivered') destinations.note(destination, true);
    else if (outcome.stage !== 'local' && outcome.stage !== 'dns') destinations.note(destination, !UNREACHED.has(outcome.stage));
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

  return {
    start: () => queue.onDue(onDue),
    halt() {
      isHalted = true;
      for (const work of works.values()) for (const delivery of work.ready.splice(0)) queue.giveBack(delivery);
    },
    async finished() {
      while (lanes.size > 0) await Promise.all(lanes);
      await Promise.all([...works.values()].map(({ taking }) => taking));
    },
    stats: () => ({
      lanes: destinations.total(),
      destinations: works.size,
      ready: [...works.values()].reduce((sum, { ready }) => sum + ready.length, 0),
    }),
  };
}

const UNREACHED: ReadonlySet<string> = new Set(['connect', 'banner', 'ehlo', 'tls']);
