/** Keeps DNS answers for their TTL, bounded in number. If several callers have the same question at the same time, it is asked once. */
import type { Clock } from '#core';
import type { Dns, DnsAnswer, DnsType } from './dns-answer.js';

/**
 * Bounds on the TTL of records, s. With a TTL of 0 every message would cause a query, and with a very long one we would not see a change within an
 * hour.
 */
const MIN_TTL_SECONDS = 30;
const MAX_TTL_SECONDS = 3600;
const NEGATIVE_SECONDS = 60;
const FAILURE_SECONDS = 5;

interface Entry {
  answer: DnsAnswer;
  /** On the monotonic clock, ms. */
  expiresAt: number;
}

/** Records are given with the seconds that are left of their (bounded) TTL. `maxEntries` is the number of (name, type) pairs that are kept. */
export function makeDnsCache({ client, clock, maxEntries }: { client: Dns; clock: Clock; maxEntries: number }): Dns {
  // A Map keeps the order of insertion, so its first key is the one that was not used for the longest time.
  const entries = new Map<string, Entry>();
  const inFlight = new Map<string, Promise<DnsAnswer>>();

  function remember(key: string, answer: DnsAnswer): DnsAnswer {
    const seconds = lifetimeOf(answer);
    entries.delete(key);
    entries.set(key, { answer, expiresAt: clock.monotonic() + seconds * 1000 });
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
    return withTtl(answer, seconds);
  }

  function recall(key: string): DnsAnswer | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    entries.delete(key);
    const leftMs = entry.expiresAt - clock.monotonic();
    if (leftMs <= 0) return undefined;
    entries.set(key, entry);
    return withTtl(entry.answer, Math.ceil(leftMs / 1000));
  }

  return {
    query<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> {
      const key = `${type} ${name.toLowerCase().replace(/\.$/, '')}`;
      const known = recall(key);
      // The key contains the type, so the entry has an answer of this type.
      if (known) return Promise.resolve(known as DnsAnswer<T>);
      const running = inFlight.get(key);
      if (running !== undefined) return running as Promise<DnsAnswer<T>>;
      const asked = client
        .query(name, type)
        .then((answer) => remember(key, answer))
        .finally(() => inFlight.delete(key));
      inFlight.set(key, asked);
      return asked as Promise<DnsAnswer<T>>;
    },
  };
}

function lifetimeOf(answer: DnsAnswer): number {
  if (answer.kind === 'failed') return FAILURE_SECONDS;
  if (answer.kind !== 'records') return NEGATIVE_SECONDS;
  return Math.min(MAX_TTL_SECONDS, Math.max(MIN_TTL_SECONDS, answer.ttl));
}

const withTtl = (answer: DnsAnswer, ttl: number): DnsAnswer => (answer.kind === 'failed' ? answer : { ...answer, ttl });
