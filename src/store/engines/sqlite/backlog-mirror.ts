/** What each account has waiting, in memory: read once at open, then kept in step with the commits that are answered. This process is the only writer. */
import type { Backlog } from '../../spool-store.js';

export interface BacklogMirror {
  of(account: number): Backlog;
  add(account: number, deliveries: number, bytes: number): void;
}

export function makeBacklogMirror(known: ({ account: number } & Backlog)[]): BacklogMirror {
  const byAccount = new Map(known.map(({ account, deliveries, bytes }) => [account, { deliveries, bytes }]));
  return {
    of: (account) => ({ deliveries: 0, bytes: 0, ...byAccount.get(account) }),
    add(account, deliveries, bytes) {
      const backlog = byAccount.get(account);
      if (backlog === undefined) byAccount.set(account, { deliveries, bytes });
      else {
        backlog.deliveries += deliveries;
        backlog.bytes += bytes;
      }
    },
  };
}
