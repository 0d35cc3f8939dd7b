/**
 * Moves committed events from the outbox to their readers. Each reader fetches its rows itself and has its own position, so that a slow reader never
 * holds another back. Delivery to a reader is at least once and in order; readers are idempotent by event id.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { SpoolStore } from '#store';

export interface OutboxReader {
  name: string;
  /** Position up to which the reader has everything, asked once at start. */
  position(): Promise<number>;
  /**
   * Takes the rows of the outbox after this position, in order and at most so many, and stores its new position before it resolves. When it throws, it
   * is asked for these rows again.
   */
  take(after: number, limit: number): Promise<{ count: number; position: number }>;
}

export interface OutboxPump {
  start(): Promise<void>;
  /** There may be something new. Cheap. */
  wake(): void;
  /** Outbox position up to which each reader has everything. */
  positions(): { reader: string; position: number }[];
  /** True when a reader's position is beyond everything the outbox ever had: it would miss new rows. */
  isBeyond(): Promise<boolean>;
  /** Lets the take under way finish. */
  stop(): Promise<void>;
}

const MOST_ROWS = 1000;
const RETRY_MS = 1000;
/** Rows gather for so long before a reader takes them again, ms: each take costs two commits and six messages between threads, even for one row. */
const GATHER_MS = 50;

export function makeOutboxPump(deps: {
  spool: Pick<SpoolStore, 'trimOutbox' | 'outboxExtent'>;
  readers: OutboxReader[];
  logger: Logger;
}): OutboxPump {
  const { spool, logger } = deps;
  const feeds = deps.readers.map((reader) => ({ reader, position: 0, running: undefined as Promise<void> | undefined, again: false }));
  const stopping = new AbortController();
  let trimmed = 0;

  /** Rows that every reader has are removed; the slowest decides. */
  async function trim(): Promise<void> {
    const reached = Math.min(...feeds.map((feed) => feed.position));
    if (reached <= trimmed) return;
    trimmed = reached;
    await spool.trimOutbox(reached);
  }

  const wait = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  async function drain(feed: (typeof feeds)[number]): Promise<void> {
    do {
      feed.again = false;
      try {
        const { count, position } = await feed.reader.take(feed.position, MOST_ROWS);
        if (count === 0) continue;
        feed.position = position;
        await trim();
        feed.again = true;
        if (count < MOST_ROWS) await wait(GATHER_MS);
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.error({ reader: feed.reader.name, err: error }, 'events could not be passed on; trying again');
        await wait(RETRY_MS);
        feed.again = true;
      }
    } while (feed.again && !stopping.signal.aborted);
  }

  function wake(): void {
    for (const feed of feeds) {
      feed.again = true;
      if (feed.running !== undefined || stopping.signal.aborted) continue;
      feed.running = drain(feed).finally(() => {
        feed.running = undefined;
        if (feed.again) wake();
      });
    }
  }

  return {
    async start() {
      for (const feed of feeds) feed.position = await feed.reader.position();
      wake();
    },
    wake,
    positions: () => feeds.map(({ reader, position }) => ({ reader: reader.name, position })),
    async isBeyond() {
      // Looked at first: the outbox only grows.
      const furthest = Math.max(0, ...feeds.map((feed) => feed.position));
      return furthest > (await spool.outboxExtent()).last;
    },
    async stop() {
      stopping.abort();
      await Promise.all(feeds.map((feed) => feed.running));
    },
  };
}
