/** The deferred queue: remembers, for each flow, the first delivery that cannot be taken for now. All others of the flow stay in the spool behind it. */
import type { Clock, Delivery } from '#core';
import type { Queue } from '#queue';
import type { SourceChoice } from './choose-source.js';

export interface DeferredQueue {
  defer(site: string, delivery: Delivery, why: Extract<SourceChoice, { kind: 'wait' }>): void;
  /** What is deferred at the site, or at all sites, is due again. */
  bringBack(site?: string): void;
  explain(delivery: Delivery): string | undefined;
  stop(): void;
}

interface DeferredFlow {
  first: Delivery;
  why: string;
}

interface Site {
  flows: Map<string, DeferredFlow>;
  timer: NodeJS.Timeout | undefined;
  recheckAt: number;
}

const NEVER = Number.POSITIVE_INFINITY;
/** The longest time until the next look, ms. It bounds the wait when the wall clock is set back. */
const LONGEST_SLEEP = 60 * 60_000;

const flowOf = ({ destinationName, account, priority }: Delivery) => `${destinationName} ${account} ${priority}`;

export function makeDeferredQueue({ queue, clock }: { queue: Pick<Queue, 'defer' | 'bringBack'>; clock: Clock }): DeferredQueue {
  const sites = new Map<string, Site>();

  function release(name: string): void {
    const site = sites.get(name);
    if (site === undefined) return;
    clearTimeout(site.timer);
    sites.delete(name);
    for (const { first } of site.flows.values()) queue.bringBack(first);
  }

  function arm(name: string, site: Site, at: number): void {
    if (at >= site.recheckAt) return;
    clearTimeout(site.timer);
    site.recheckAt = at;
    site.timer = setTimeout(() => release(name), Math.min(LONGEST_SLEEP, Math.max(0, at - clock.now()))).unref();
  }

  return {
    defer(name, delivery, { recheckAt, why }) {
      const site = sites.get(name) ?? { flows: new Map(), timer: undefined, recheckAt: NEVER };
      sites.set(name, site);
      const known = site.flows.get(flowOf(delivery))?.first;
      const isFirst = known === undefined || delivery.due < known.due || (delivery.due === known.due && delivery.id < known.id);
      site.flows.set(flowOf(delivery), { first: isFirst ? delivery : known, why });
      if (recheckAt !== undefined) arm(name, site, recheckAt);
      queue.defer(delivery);
    },
    bringBack(name) {
      for (const site of name === undefined ? [...sites.keys()] : [name]) release(site);
    },
    explain(delivery) {
      for (const { flows } of sites.values()) {
        const waiting = flows.get(flowOf(delivery));
        if (waiting !== undefined) return waiting.why;
      }
      return undefined;
    },
    stop() {
      for (const { timer } of sites.values()) clearTimeout(timer);
      sites.clear();
    },
  };
}
