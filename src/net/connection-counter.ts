/** Counts the open connections of one kind of listener, in all and per client, so that nobody can take every place. */
import { clientNetworkOf, isLoopback } from './client-network.js';

export interface ConnectionLimits {
  /** All listeners of the kind together. May change while we run. */
  readonly connections: number;
  /** Of one client (an IPv4 address or an IPv6 /64 network). */
  readonly connectionsPerSource: number;
}

export interface ConnectionCounter {
  /**
   * A place was taken: call what it gives exactly when the connection is gone (again is harmless). Or which limit is reached. Who is trusted is not held
   * to the limit per client; a few places are kept for this machine, so that its operator gets in when strangers hold all others.
   */
  enter(ip: string, isTrusted: boolean): (() => void) | 'total' | 'source';
  open(): number;
}

const MOST_KEPT = 16;
const keptOf = (connections: number) => Math.min(MOST_KEPT, Math.floor(connections / 10));

export function makeConnectionCounter(limits: ConnectionLimits): ConnectionCounter {
  const bySource = new Map<string, number>();
  let total = 0;
  return {
    enter(ip, isTrusted) {
      const { connections, connectionsPerSource } = limits;
      if (total >= (isLoopback(ip) ? connections : connections - keptOf(connections))) return 'total';
      const source = clientNetworkOf(ip);
      const count = bySource.get(source) ?? 0;
      if (!isTrusted && count >= connectionsPerSource) return 'source';
      bySource.set(source, count + 1);
      total++;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        total--;
        const rest = (bySource.get(source) ?? 1) - 1;
        if (rest > 0) bySource.set(source, rest);
        else bySource.delete(source);
      };
    },
    open: () => total,
  };
}
