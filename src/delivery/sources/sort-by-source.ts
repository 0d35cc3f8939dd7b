/**
 * The ready queue where mail has more than one way out: gives each due delivery of a site to the source it should leave from. What a path has no room
 * for waits in the queue with its flow. What no source may carry for now goes to the deferred queue and is looked at again when a source may. Sites of
 * smarthosts and of destinations without a host have one path: their mail is taken as it comes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, type Delivery, HOUR, type Message, MINUTE, makeExpiringSet, type Outcome, plainTime, type SteadyClock } from '#core';
import type { Directory } from '#directory';
import type { Queue } from '#queue';
import { findFallback, isNobody, siteOfTransport, type Transport } from '#routing';
import { DEFAULT_SOURCE, type Path, type Paths, type Reach } from '../paths/paths.js';
import type { SitePolicies } from '../shaping/site-policies.js';
import { candidatesOf, chooseSource, type SourceState } from './choose-source.js';
import { makeDeferredQueue } from './deferred-queue.js';
import { makeLaneQueues } from './lane-queues.js';
import { makePortBlock } from './port-block.js';
import type { ReadyQueue, Taken } from './ready-queue.js';
import { lacksFamily, type Sources } from './sources.js';
import { makeTurnedAway } from './turned-away.js';
import type { Warmups } from './warmups.js';

export interface SortedReadyQueueDeps {
  queue: Pick<Queue, 'take' | 'suspend' | 'resume' | 'message' | 'giveBack' | 'defer' | 'bringBack' | 'deferFlow'>;
  paths: Pick<Paths, 'get' | 'find'>;
  policies: SitePolicies;
  sources: Sources;
  warmups: Pick<Warmups, 'sendableAt' | 'note' | 'onChange'>;
  transports: readonly Transport[];
  directory: Pick<Directory, 'domains' | 'sendingIps'>;
  clock: Clock;
  /** The clock of the times in policies and paths. */
  steady: Pick<SteadyClock, 'now' | 'wall'>;
  logger: Logger;
  /** The path may have something to take. */
  onReady: (path: Path) => void;
}

/** Deliveries looked at together. */
const BATCH = 8;
/** Pause after an error of this server's own, ms. */
const ERROR_PAUSE = 2000;

export function makeSortedReadyQueue(deps: SortedReadyQueueDeps): ReadyQueue {
  const { queue, paths, policies, sources, warmups, transports, directory, clock, steady, logger, onReady } = deps;
  const laneQueues = makeLaneQueues();
  const deferred = makeDeferredQueue({ queue, clock });
  const sorting = new Set<string>();
  const smarthosts = new Set(transports.map(siteOfTransport));
  const names = sources.names.length > 0 ? sources.names : [DEFAULT_SOURCE];
  /** Paths whose source has no address of the family that the site needs. */
  const unfit = makeExpiringSet({ clock, lifetimeMs: HOUR, maxSize: 10_000 });
  const portBlock = makePortBlock({ clock });
  const turnedAway = makeTurnedAway();
  /** Deliveries that were given to each source and have not come back. */
  const onTheirWay = new Map<string, number>();
  warmups.onChange(() => deferred.bringBack());
  /** Why paths are suspended. */
  const reasons = new WeakMap<Path, string>();
  let isStopped = false;

  /** There is nothing to choose. */
  const hasOnePath = (site: string) => isNobody(site) || smarthosts.has(site);

  /** For people. */
  function whySuspended(path: Path): string {
    const reason = reasons.get(path);
    const until = plainTime(steady.wall(path.suspendedUntil));
    return `mail from ${path.source} to ${path.site} is left alone until ${until}${reason === undefined ? '' : `: ${reason}`}`;
  }

  function stateAt(site: string, name: string): SourceState {
    const spentUntil = warmups.sendableAt(name, onTheirWay.get(name) ?? 0);
    if (spentUntil > 0) return { kind: 'spent', until: spentUntil };
    const path = paths.find(site, name);
    if (path === undefined) return { kind: 'ready' };
    const { suspendedUntil: until, isKeptByTls } = path;
    if (until > 0) return { kind: 'suspended', until, why: whySuspended(path), isKeptByTls };
    if (path.isProbing && (path.lanes > 0 || laneQueues.has(path))) return { kind: 'probing', isKeptByTls };
    const { otherSourceUntil = 0 } = policies.of(path) ?? {};
    return { kind: otherSourceUntil > steady.now() || unfit.has(`${name} ${site}`) ? 'unwelcome' : 'ready' };
  }

  function noteConnection({ source, site }: Path, outcome: Outcome, reach: Reach): void {
    if (reach === 'unconnected') portBlock.note(source, site, false);
    else if (wasConnected(outcome)) portBlock.note(source, site, true);
  }

  /** True once for each path: when no other source is better, the delivery waits for its next attempt. */
  function isNews({ source, site }: Path): boolean {
    if (names.length === 1 || unfit.has(`${source} ${site}`)) return false;
    unfit.add(`${source} ${site}`);
    return true;
  }

  /** The provider of the exchangers is the same for all sources. */
  const fallbackOf = (site: string, { destinationName }: Delivery) =>
    findFallback(transports, destinationName, policies.of({ source: DEFAULT_SOURCE, site })?.provider);

  async function candidatesFor(message: Message | undefined): Promise<readonly string[]> {
    if (message === undefined || names.length === 1) return names;
    const domain = await directory.domains.find(message.domain);
    const chosen = candidatesOf(await directory.sendingIps.wanted(domain, message.options), sources);
    return chosen.length > 0 ? chosen : names;
  }

  async function sortOne(site: string, delivery: Delivery): Promise<() => void> {
    const message = await queue.message(delivery.message);
    const allowed = await candidatesFor(message);
    const candidates = turnedAway.without(delivery, allowed);
    const fallback = fallbackOf(site, delivery);
    // Called without a wait in between, so that what is decided still holds when it is done.
    return () => {
      const choice = chooseSource({
        candidates,
        key: `${message?.domain ?? ''} ${delivery.recipient}`,
        preferred: delivery.last?.source,
        stateOf: (name) => (fallback !== undefined && portBlock.isClosed(name) ? closed : stateAt(site, name)),
        hasFallback: fallback !== undefined && (paths.find(siteOfTransport(fallback))?.suspendedUntil ?? 0) === 0,
      });
      if (choice.kind === 'wait') deferred.defer(site, delivery, choice);
      else if (choice.kind === 'source')
        give(paths.get(site, choice.name), { delivery, via: { source: sources.get(choice.name) }, candidates });
      else if (fallback !== undefined)
        give(paths.get(siteOfTransport(fallback)), { delivery, via: { source: sources.default, transport: fallback } });
    };
  }

  function give(path: Path, taken: Taken): void {
    if (!laneQueues.add(path, taken)) {
      laneQueues.onRoom(path, queue.deferFlow(taken.delivery));
      return;
    }
    count(taken, 1);
    onReady(path);
  }

  function count({ via: { source } }: Taken, by: 1 | -1): void {
    const now = (onTheirWay.get(source.name) ?? 0) + by;
    if (now > 0) onTheirWay.set(source.name, now);
    else onTheirWay.delete(source.name);
  }

  async function sort(site: string): Promise<void> {
    if (sorting.has(site)) return;
    sorting.add(site);
    try {
      for (let rows = queue.take(site, BATCH); rows.length > 0 && !isStopped; rows = queue.take(site, BATCH)) {
        const sorted = await Promise.allSettled(rows.map((delivery) => sortOne(site, delivery)));
        let failure: unknown;
        for (const [index, result] of sorted.entries()) {
          const delivery = rows[index];
          if (result.status === 'fulfilled') result.value();
          else if (delivery !== undefined) {
            failure = result.reason;
            // Perhaps only this row cannot be read. Those behind it need not wait for it.
            const until = clock.now() + MINUTE;
            deferred.defer(site, delivery, {
              kind: 'wait',
              until,
              recheckAt: until,
              why: 'which source it leaves from could not be found out',
            });
          }
        }
        if (failure === undefined) continue;
        logger.error({ err: failure, site }, 'could not find out which source mail should leave from');
        await sleep(ERROR_PAUSE, undefined, { ref: false });
      }
    } finally {
      sorting.delete(site);
    }
  }

  return {
    onDue(site) {
      if (hasOnePath(site)) onReady(paths.get(site));
      else void sort(site);
    },
    take(path) {
      const waiting = laneQueues.shift(path);
      if (waiting !== undefined || !hasOnePath(path.site)) return waiting;
      const [delivery] = queue.take(path.site, 1);
      if (delivery === undefined) return undefined;
      const taken = { delivery, via: { source: sources.default } };
      count(taken, 1);
      return taken;
    },
    suspend(path, until, why) {
      reasons.set(path, why);
      if (hasOnePath(path.site)) queue.suspend(path.site, until, why);
      // They may have another way. The last one is given back first, so that they keep their order.
      for (const taken of laneQueues.clear(path).reverse()) {
        count(taken, -1);
        queue.giveBack(taken.delivery);
      }
    },
    resume(path) {
      if (hasOnePath(path.site)) queue.resume(path.site);
      deferred.bringBack(smarthosts.has(path.site) ? undefined : path.site);
      if (laneQueues.has(path)) onReady(path);
    },
    returned: (taken) => count(taken, -1),
    ended(path, { delivery, via, candidates = [] }, outcome, reach) {
      if (reach === 'reached') warmups.note(path.source, outcome.kind === 'failed' ? 'refused' : 'taken');
      if (via.transport === undefined && !hasOnePath(path.site)) noteConnection(path, outcome, reach);
      if (turnedAway.note(path.source, delivery, outcome)) {
        return candidates.some((name) => name !== path.source && stateAt(path.site, name).kind === 'ready');
      }
      if (outcome.kind !== 'deferred' || via.transport !== undefined || hasOnePath(path.site)) return false;
      if (lacksFamily(outcome)) return isNews(path);
      return reach === 'unconnected' && fallbackOf(path.site, delivery) !== undefined;
    },
    waitsFor: laneQueues.pathOf,
    explain: (delivery) => deferred.explain(delivery),
    stop() {
      isStopped = true;
      deferred.stop();
    },
  };
}

const closed: SourceState = { kind: 'suspended', until: 0, why: 'nothing can be connected to from there', isKeptByTls: false };

const wasConnected = (outcome: Outcome) =>
  outcome.kind !== 'released' && outcome.connection.mxHostIp !== undefined && (outcome.kind === 'delivered' || outcome.stage !== 'connect');
