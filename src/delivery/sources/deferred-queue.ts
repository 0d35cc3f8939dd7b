/** Remembers, per flow, the first delivery that no source could take for now: the rest stay in the spool behind it, whatever their number. */
import type { Clock, Delivery } from '#core';
import type { Queue } from '#queue';
import type { SourceChoice } from './choose-source.js';

export interface DeferredQueue {
  defer(site: string, delivery: Delivery, why: Extract<SourceChoice, { kind: 'wait' }>): void;
  /** Those of the site, or of all, are due again. */
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
/** A clock that is set back makes nobody wait longer than this for another look, ms. */
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
