/** Puts delivery's parts together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { BounceRules, ShapingRules } from '#config';
import { type Clock, makeSteadyClock, randomJitter } from '#core';
import type { Directory } from '#directory';
import type { Recorder, TranscriptLog } from '#events';
import { type Dane, type Dns, hasGlobalIpv6, type MtaSts } from '#net';
import type { Queue, Suspects } from '#queue';
import { makeRoutes, type Transport } from '#routing';
import { DEFAULT_TIMEOUTS, type DeliveryTimeouts } from '#smtp-client';
import type { SpoolStore } from '#store';
import type { CallQueue } from '#webhooks';
import type { Workers } from '#workers';
import { makeAttempts as makeOwnAttempts } from './attempt/attempt.js';
import type { AttemptStats } from './attempt/boundary.js';
import { type Dispatcher, type DispatcherStats, makeDispatcher } from './dispatch/dispatcher.js';
import { makeKeepRecords } from './dispatch/keep-records.js';
import { makeApplyRestriction, makeShapingAction } from './dispatch/shaping-action.js';
import { makeSuspensions } from './dispatch/suspensions.js';
import { makePaths, type Path } from './paths/paths.js';
import { makeRestrictionKeeper } from './shaping/restriction-keeper.js';
import { makeResponseRules } from './shaping/shaping-responses.js';
import { makeSitePolicies } from './shaping/site-policies.js';
import { makeThrottle } from './shaping/throttle.js';
import { makeDirectReadyQueue } from './sources/ready-queue.js';
import { makeSortedReadyQueue } from './sources/sort-by-source.js';
import { makeSources, type SourceAddresses } from './sources/sources.js';
import type { Warmups } from './sources/warmups.js';

export interface DeliveryOptions {
  /** Name given with EHLO, and this server's own as a mail exchanger. */
  hostname: string;
  /** Port of mail exchangers: 25, another one in tests. */
  port: number;
  transports: readonly Transport[];
  /** Addresses that mail leaves from; the system chooses unless given. */
  sources?: readonly SourceAddresses[];
  /** Connect to mail exchangers on private and loopback addresses. */
  allowPrivateNetworks: boolean;
  /** Attempts at a time; destinations that share their mail exchangers count as one. */
  concurrencyPerDestination?: number;
  concurrencyTotal?: number;
  timeouts?: Partial<DeliveryTimeouts>;
  /** PEM certificates trusted beside the public authorities. */
  extraCa?: readonly string[];
  /** Word in the greeting of this server's own listeners that no other server says. A peer that says it is this server, and gets no mail. */
  ownWord?: string;
}

export interface DeliveryDeps {
  queue: Queue;
  directory: Pick<Directory, 'accounts' | 'domains' | 'sendingIps'>;
  recorder: Recorder;
  spool: Pick<SpoolStore, 'openBody' | 'restrictions' | 'saveRestriction'>;
  /** Make large texts. */
  workers: Pick<Workers, 'run' | 'atOnce'>;
  dns: Dns;
  /** What destinations demand of TLS. */
  mtaSts: MtaSts;
  dane: Dane;
  /** What replies mean. */
  bounceRules: BounceRules;
  /** How fast each provider takes our mail, and what its replies make us do. */
  shapingRules: ShapingRules;
  clock: Clock;
  logger: Logger;
  /** Told what was said to peers, for the operator. It must not wait and must not throw. */
  transcripts?: Pick<TranscriptLog, 'note'>;
  /** POSTs what `o:archive-to` asks for. */
  calls: Pick<CallQueue, 'put'>;
  /** What sources on warm-up may send. */
  warmups: Warmups;
  /** Messages that may bring the server down. */
  suspects?: Suspects;
  /** Told what is begun, so that the log can name it if it never ends. */
  note?: (words: string) => void;
  /** Here attempts would be made on other threads; they run on this one unless given. */
  makeAttempts?: typeof makeOwnAttempts;
  options: DeliveryOptions;
}

export interface DeliveryStats extends AttemptStats, DispatcherStats {}

export interface DeliveryEngine {
  /** Takes back the restrictions that replies brought before the restart; call before start(). */
  restore(): Promise<void>;
  /** Listens to the queue; call before the queue's own start(). */
  start(): void;
  /**
   * Takes no more, gives back what was not begun, lets messages that are being sent finish within `graceMs`, then cuts them.
   * What it sent is settled when it resolves, unless the store would not answer.
   */
  stop(graceMs: number): Promise<void>;
  stats(): DeliveryStats;
}

/** Time after the grace in which what was cut is written down, ms. */
const SETTLE_MS = 2000;

export function makeDeliveryEngine({
  queue,
  directory,
  recorder,
  spool,
  workers,
  dns,
  mtaSts,
  dane,
  bounceRules,
  shapingRules,
  clock,
  logger,
  transcripts,
  calls,
  warmups,
  suspects,
  note,
  makeAttempts = makeOwnAttempts,
  options,
}: DeliveryDeps): DeliveryEngine {
  const {
    hostname,
    port,
    transports,
    allowPrivateNetworks,
    concurrencyPerDestination = 20,
    concurrencyTotal = 200,
    extraCa = [],
    ownWord,
    sources: addresses = [],
  } = options;
  const sources = makeSources(addresses, hostname);
  // Suspensions and restrictions last as long as they should, even when the wall clock is set meanwhile.
  const steady = makeSteadyClock(clock);
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const ipv6 = allowPrivateNetworks || hasGlobalIpv6() || addresses.some((source) => source.ipv6 !== undefined);
  const routes = makeRoutes({
    dns,
    clock,
    transports,
    port,
    hostname,
    isHosted: async (domain) => (await directory.domains.find(domain)) !== undefined,
    allowPrivate: allowPrivateNetworks,
    ipv6,
    mtaSts,
    dane,
    onRoute: (destination, site, until) => queue.place(destination, site, until),
  });
  const responses = makeResponseRules(shapingRules, steady);
  const policies = makeSitePolicies({ rules: shapingRules, responses, siteFacts: routes.siteFacts, clock });
  const attempts = makeAttempts({
    ...{ directory, spool, workers, routes, clock, logger, suspects, note },
    listener: {
      onProgress: (changes) => dispatcher.onProgress(changes),
      onSurvived: (delivery) => suspects?.survived(delivery),
    },
    settings: { bounceRules, shapingRules, timeouts, maxIdle: concurrencyTotal, extraCa, ownWord },
  });
  const limits = { perPath: concurrencyPerDestination, total: concurrencyTotal };
  const paths = makePaths({ limits, clock: steady, jitter: randomJitter });
  const onReady = (path: Path) => dispatcher.onReady(path);
  // Without a choice there is nothing to sort.
  const mustChoose = sources.names.length > 0 || transports.some(({ when }) => when === 'fallback');
  const readyQueue = mustChoose
    ? makeSortedReadyQueue({ queue, paths, policies, sources, warmups, transports, directory, clock, steady, logger, onReady })
    : makeDirectReadyQueue({ queue, paths, sources, onReady });
  const suspensions = makeSuspensions({ readyQueue, paths, routes, clock: steady, logger });
  const apply = makeApplyRestriction({ queue, paths, suspensions, policies });
  const keeper = makeRestrictionKeeper({ store: spool, responses, apply, clock: steady, logger });
  const dispatcher: Dispatcher = makeDispatcher({
    queue,
    readyQueue,
    routes,
    paths,
    suspensions,
    throttle: makeThrottle({ policies, clock }),
    shapingAction: makeShapingAction({ responses, apply, keep: keeper.keep, clock: steady }),
    directory,
    recorder,
    attempts,
    keepRecords: makeKeepRecords({ calls, transcripts, logger }),
    crashes: suspects,
    clock,
    logger,
    limits,
  });

  return {
    restore: keeper.load,
    start: () => dispatcher.start(),
    async stop(graceMs) {
      dispatcher.halt();
      attempts.drain();
      const finished = dispatcher.finished();
      await Promise.race([finished, sleep(graceMs, undefined, { ref: false })]);
      attempts.abort();
      await Promise.race([finished, sleep(SETTLE_MS, undefined, { ref: false })]);
    },
    stats: () => ({ ...attempts.stats(), ...dispatcher.stats() }),
  };
}
