/**
 * Tells the watchers of the spool how much each account has waiting (read once at open, then updated with every commit), and whether the last commit
 * of mail succeeded.
 */
import { StoreError } from '#core';
import type { Backlog, SpoolHealth, SpoolStore, SpoolWatcher } from '../../spool-store.js';

export interface SpoolNews {
  watch: SpoolStore['watch'];
  /** Adds to what the account has waiting; negative when deliveries end. */
  add(account: number, deliveries: number, bytes: number): void;
  /** Every commit of mail goes through this method, so that watchers learn of a failure, too. */
  committing<T>(commit: Promise<T>): Promise<T>;
}

export function makeSpoolNews(known: readonly ({ account: number } & Backlog)[]): SpoolNews {
  const watchers = new Set<SpoolWatcher>();
  const backlogs = new Map<number, Backlog>(known.map(({ account, deliveries, bytes }) => [account, { deliveries, bytes }]));
  let health: SpoolHealth = 'ok';

  function setHealth(next: SpoolHealth): void {
    if (next === health) return;
    health = next;
    for (const watcher of watchers) watcher.health(health);
  }

  return {
    async watch(watcher) {
      watchers.add(watcher);
      for (const [account, backlog] of backlogs) watcher.backlog(account, backlog);
      watcher.health(health);
      return () => void watchers.delete(watcher);
    },
    add(account, deliveries, bytes) {
      const before = backlogs.get(account);
      const backlog = { deliveries: (before?.deliveries ?? 0) + deliveries, bytes: (before?.bytes ?? 0) + bytes };
      backlogs.set(account, backlog);
      for (const watcher of watchers) watcher.backlog(account, backlog);
    },
    async committing(commit) {
      try {
        const value = await commit;
        setHealth('ok');
        return value;
      } catch (error) {
        if (error instanceof StoreError && error.kind !== 'conflict' && error.kind !== 'closed')
          setHealth(error.kind === 'full' ? 'full' : 'failed');
        throw error;
      }
    },
  };
}
