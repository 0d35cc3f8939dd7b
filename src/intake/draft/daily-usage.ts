/** Counts what domains with a daily limit send. Exact across restarts: the count is stored with each message, memory only runs ahead of it. */
import type { SpoolStore } from '#store';

export interface DailyUsage {
  /** Charges `recipients` to the domain's day; false, and nothing is charged, when that would exceed the limit. */
  reserve(account: number, domain: string, day: string, recipients: number): Promise<boolean>;
  /** Takes a charge back, because the message was not committed. */
  release(account: number, domain: string, day: string, recipients: number): void;
}

export function makeDailyUsage(deps: { spool: Pick<SpoolStore, 'usage'>; limit: number | null }): DailyUsage {
  const { spool, limit } = deps;
  let today = '';
  let counts = new Map<string, Promise<{ used: number }>>();

  function countOf(account: number, domain: string, day: string): Promise<{ used: number }> {
    if (day !== today) {
      today = day;
      counts = new Map();
    }
    const key = `${account} ${domain}`;
    let count = counts.get(key);
    if (count === undefined) {
      count = spool.usage(account, domain, day).then((used) => ({ used }));
      count.catch(() => counts.delete(key));
      counts.set(key, count);
    }
    return count;
  }

  return {
    async reserve(account, domain, day, recipients) {
      if (limit === null) return true;
      const count = await countOf(account, domain, day);
      if (count.used + recipients > limit) return false;
      count.used += recipients;
      return true;
    },
    release(account, domain, day, recipients) {
      const count = day === today ? counts.get(`${account} ${domain}`) : undefined;
      // A count that could not be read has charged nothing.
      count?.then((known) => (known.used -= recipients)).catch(() => undefined);
    },
  };
}
