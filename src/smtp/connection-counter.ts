/** Counts open connections, in all and per client, so that nobody can take every place. */
import { sourceOf } from './source-of.js';

export interface ConnectionCounter {
  /** A place was taken: call what it gives exactly when the connection is gone (again is harmless). Or which limit is reached. */
  enter(ip: string, isTrusted: boolean): (() => void) | 'total' | 'source';
  open(): number;
}

export function makeConnectionCounter(limits: { connections: number; connectionsPerSource: number }): ConnectionCounter {
  const bySource = new Map<string, number>();
  let total = 0;
  return {
    enter(ip, isTrusted) {
      if (total >= limits.connections) return 'total';
      const source = sourceOf(ip);
      const count = bySource.get(source) ?? 0;
      if (!isTrusted && count >= limits.connectionsPerSource) return 'source';
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
