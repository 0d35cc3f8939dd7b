/** Counts the open connections of one kind of listener, in all and per client, so that no client can take all places. */
import { clientNetworkOf, isLoopback } from './client-network.js';

export interface ConnectionLimits {
  /** Limit for all listeners of the kind together. It may change while the server runs. */
  readonly connections: number;
  /** Limit for one client (an IPv4 address or an IPv6 /64 network). */
  readonly connectionsPerClient: number;
}

export interface ConnectionCounter {
  /**
   * Takes a place, and gives the function to call when the connection is gone (calling it twice is harmless). If a limit is reached, gives the name
   * of that limit instead. The limit per client does not apply to trusted clients. A few places are reserved for connections from this machine, so
   * that its operator gets in when strangers hold all other places.
   */
  enter(ip: string, isTrusted: boolean): (() => void) | 'total' | 'source';
  open(): number;
}

const MOST_KEPT = 16;
const keptOf = (connections: number) => Math.min(MOST_KEPT, Math.floor(connections / 10));

export function makeConnectionCounter(limits: ConnectionLimits): ConnectionCounter {
  const byClient = new Map<string, number>();
  let total = 0;
  return {
    enter(ip, isTrusted) {
      const { connections, connectionsPerClient } = limits;
      if (total >= (isLoopback(ip) ? connections : connections - keptOf(connections))) return 'total';
      const client = clientNetworkOf(ip);
      const count = byClient.get(client) ?? 0;
      if (!isTrusted && count >= connectionsPerClient) return 'source';
      byClient.set(client, count + 1);
      total++;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        total--;
        const others = (byClient.get(client) ?? 1) - 1;
        if (others > 0) byClient.set(client, others);
        else byClient.delete(client);
      };
    },
    open: () => total,
  };
}
