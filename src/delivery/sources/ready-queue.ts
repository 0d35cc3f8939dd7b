/** Gives the dispatcher its deliveries, by path: from one source to one site. `makeDirectReadyQueue` is for the case of one source for everything. */
import type { Delivery, Outcome } from '#core';
import type { Queue } from '#queue';
import type { Transport } from '#routing';
import type { Path, Paths, Reach } from '../paths/paths.js';
import type { Source, Sources } from './sources.js';

/** How a delivery leaves. */
export interface Via {
  readonly source: Source;
  /** A smarthost that stands in for the destination's own exchangers. */
  readonly transport?: Transport;
}

export interface Taken {
  delivery: Delivery;
  via: Via;
  /** Sources it may leave from, when there was a choice. */
  candidates?: readonly string[];
}

export interface ReadyQueue {
  /** Something is due at the site. */
  onDue(site: string): void;
  /** The next delivery for the path. Undefined: nothing can be had now; `onReady` tells when there is. */
  take(path: Path): Taken | undefined;
  /** The path is suspended: nothing is wanted for it until resume(). `until`, ms since the epoch, and `why` are for people. */
  suspend(path: Path, until: number, why: string): void;
  resume(path: Path): void;
  /** The delivery is no longer on its way, whatever became of it. Called once for each that was taken, and after ended() if it was attempted. */
  returned(taken: Taken): void;
  /**
   * Learns from what came of an attempt. True: the message should be tried at once in another way, because nobody could be connected to or our address
   * was turned away.
   */
  ended(path: Path, taken: Taken, outcome: Outcome, reach: Reach): boolean;
  /** The path of a delivery that was taken from the queue and waits for a lane. */
  waitsFor(delivery: Delivery): Path | undefined;
  /** Why a delivery that is due has no path yet, for people. */
  explain(delivery: Delivery): string | undefined;
  stop(): void;
}

export interface DirectReadyQueueDeps {
  queue: Pick<Queue, 'take' | 'suspend' | 'resume'>;
  paths: Pick<Paths, 'get'>;
  sources: Pick<Sources, 'default'>;
  /** The path may have something to take. */
  onReady: (path: Path) => void;
}

export function makeDirectReadyQueue({ queue, paths, sources, onReady }: DirectReadyQueueDeps): ReadyQueue {
  const via: Via = { source: sources.default };
  return {
    onDue: (site) => onReady(paths.get(site)),
    take({ site }) {
      const [delivery] = queue.take(site, 1);
      return delivery === undefined ? undefined : { delivery, via };
    },
    suspend: ({ site }, until, why) => queue.suspend(site, until, why),
    resume: ({ site }) => queue.resume(site),
    ended: () => false,
    returned: () => undefined,
    waitsFor: () => undefined,
    explain: () => undefined,
    stop: () => undefined,
  };
}
