/**
 * Notices that a source cannot connect to anybody, whatever the destination: many networks block port 25. Then it is not found out for each destination
 * anew. Book-keeping without I/O.
 */
import { type Clock, MINUTE } from '#core';

export interface PortBlock {
  /** What connecting to a site showed. */
  note(source: string, site: string, isConnected: boolean): void;
  /** True: nothing can leave from the source. Once a minute it says false to one caller, whose delivery finds out whether that is still so. */
  isClosed(source: string): boolean;
}

/** Sites in a row that could not be connected to, with none in between that could. */
const ENOUGH_SITES = 3;
/** Older failures say nothing of now, ms. */
const MEMORY = 15 * MINUTE;
const PROBE_EVERY = MINUTE;

interface Failures {
  /** Monotonic, ms, by site. */
  sites: Map<string, number>;
  isBlocked: boolean;
  nextProbe: number;
}

export function makePortBlock({ clock }: { clock: Clock }): PortBlock {
  const sources = new Map<string, Failures>();

  return {
    note(source, site, isConnected) {
      if (isConnected) {
        sources.delete(source);
        return;
      }
      const now = clock.monotonic();
      const failures = sources.get(source) ?? { sites: new Map<string, number>(), isBlocked: false, nextProbe: 0 };
      sources.set(source, failures);
      // Once it is blocked, only a success opens it. Further failures tell nothing new.
      if (failures.isBlocked) return;
      for (const [name, at] of failures.sites) if (at <= now - MEMORY) failures.sites.delete(name);
      failures.sites.set(site, now);
      if (failures.sites.size < ENOUGH_SITES) return;
      failures.isBlocked = true;
      failures.nextProbe = now + PROBE_EVERY;
      failures.sites.clear();
    },
    isClosed(source) {
      const failures = sources.get(source);
      if (failures?.isBlocked !== true) return false;
      const now = clock.monotonic();
      if (now < failures.nextProbe) return true;
      failures.nextProbe = now + PROBE_EVERY;
      return false;
    },
  };
}
