/** What bounds a path besides its window: connections, rates and provider-wide limits of its site's shaping. Book-keeping without I/O. */
import type { Rate } from '#config';
import type { Clock } from '#core';
import { isNobody } from '#routing';
import type { Path } from '../paths/paths.js';
import type { SitePolicies } from './site-policies.js';

export interface Throttle {
  /** Lanes the path may have: at most its window and those that are stalled. */
  lanesAllowed(path: Path): number;
  /** The most connections its site is given; undefined: no limit is set. */
  mostConnections(path: Path): number | undefined;
  /** Messages that one connection of the path may carry; Infinity: as many as the server's own limit. */
  maxMessages(path: Path): number;
  /** Name of the path's provider when that takes no more connections, to whichever of its sites. */
  fullProvider(path: Path): string | undefined;
  /** ms until the path may take another message, on another lane or on one that runs; 0: now. */
  wait(path: Path, isNewLane: boolean): number;
  took(path: Path): void;
  opened(path: Path, connections: number): void;
  started(path: Path): void;
  /** Gives the provider that has room for another connection now. */
  ended(path: Path): string | undefined;
}

interface Gates {
  messages: RateGate;
  connections: RateGate;
}

/** Gates of more sites than this are forgotten, those used longest ago first. */
const MAX_GATES = 10_000;

export function makeThrottle({ policies, clock }: { policies: SitePolicies; clock: Clock }): Throttle {
  const gates = new Map<string, Gates>();
  /** Lanes by provider, and the provider each path was counted for. */
  const lanes = new Map<string, number>();
  const counted = new Map<Path, string>();

  function gatesOf({ source, site }: Path): Gates {
    const key = `${source} ${site}`;
    const known = gates.get(key) ?? { messages: makeRateGate(), connections: makeRateGate() };
    gates.delete(key);
    gates.set(key, known);
    for (const oldest of gates.keys()) {
      if (gates.size <= MAX_GATES) break;
      gates.delete(oldest);
    }
    return known;
  }

  return {
    // Where there is nobody to connect to, the only work is on our own disk. More than one lane would only slow the others down.
    lanesAllowed(path) {
      const { window, stalled, site } = path;
      return isNobody(site) ? 1 : Math.min(window + stalled, policies.of(path)?.connections ?? Number.POSITIVE_INFINITY);
    },
    mostConnections(path) {
      const { connections, providerConnections } = policies.of(path) ?? {};
      return connections === undefined ? undefined : Math.min(connections, providerConnections ?? connections);
    },
    maxMessages: (path) => policies.of(path)?.messagesPerConnection ?? Number.POSITIVE_INFINITY,
    fullProvider(path) {
      const { provider, providerConnections } = policies.of(path) ?? {};
      if (provider === undefined || providerConnections === undefined) return undefined;
      return (lanes.get(provider) ?? 0) >= providerConnections ? provider : undefined;
    },
    wait(path, isNewLane) {
      const { messageRate, connectionRate } = policies.of(path) ?? {};
      if (messageRate === undefined && (connectionRate === undefined || !isNewLane)) return 0;
      const now = clock.monotonic();
      const { messages, connections } = gatesOf(path);
      return Math.max(
        messageRate === undefined ? 0 : messages.wait(messageRate, now),
        connectionRate === undefined || !isNewLane ? 0 : connections.wait(connectionRate, now),
      );
    },
    took(path) {
      const { messageRate } = policies.of(path) ?? {};
      if (messageRate !== undefined) gatesOf(path).messages.spend(messageRate, clock.monotonic());
    },
    opened(path, connections) {
      const { connectionRate } = policies.of(path) ?? {};
      if (connectionRate !== undefined && connections > 0) gatesOf(path).connections.spend(connectionRate, clock.monotonic(), connections);
    },
    started(path) {
      const provider = counted.get(path) ?? policies.of(path)?.provider;
      if (provider === undefined) return;
      counted.set(path, provider);
      lanes.set(provider, (lanes.get(provider) ?? 0) + 1);
    },
    ended(path) {
      const provider = counted.get(path);
      if (provider === undefined) return undefined;
      const left = (lanes.get(provider) ?? 1) - 1;
      if (left > 0) lanes.set(provider, left);
      else lanes.delete(provider);
      if (path.lanes === 0) counted.delete(path);
      return provider;
    },
  };
}

/** Keeps to a rate without timers: remembers when the next one would be on time (GCRA), and lets a tenth of the count go at once. */
export interface RateGate {
  /** ms until one more may go; 0: now. */
  wait(rate: Rate, now: number): number;
  /** `many` went. */
  spend(rate: Rate, now: number, many?: number): void;
}

const BURST_SHARE = 10;

/** Times are of the monotonic clock, ms. The rate may be another each time. */
export function makeRateGate(): RateGate {
  /** When the next one is on time. */
  let due = 0;
  return {
    wait({ count, perMs }, now) {
      const each = perMs / count;
      const burst = Math.max(1, Math.floor(count / BURST_SHARE)) - 1;
      return Math.max(0, due - burst * each - now);
    },
    spend({ count, perMs }, now, many = 1) {
      due = Math.max(due, now) + (many * perMs) / count;
    },
  };
}
