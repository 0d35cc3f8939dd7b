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
   * Takes the rows of the outbox behind this position, in order and at most so many, and remembers its position durably before it resolves. Throws to
   * be asked for the same rows again.
   */
  take(after: number, limit: number): Promise<{ count: number; position: number }>;
}

export interface OutboxPump {
  start(): Promise<void>;
  /** There may be something new. Cheap. */
  wake(): void;
  /** Outbox position up to which each reader has everything. */
  positions(): { reader: string; position: number }[];
  /** A reader stands beyond everything the outbox ever had: it would not be given what is new. */
  isBeyond(): Promise<boolean>;
  /** Lets the batch under way finish. */
  stop(): Promise<void>;
}

const BATCH = 1000;
const RETRY_MS = 1000;
/** A reader is given what gathered meanwhile: each batch costs two commits and six messages between threads, however small it is. */
const GATHER_MS = 50;

export function makeOutboxPump(deps: {
  spool: Pick<SpoolStore, 'trimOutbox' | 'outboxExtent'>;
  readers: OutboxReader[];
  logger: Logger;
}): OutboxPump {
  const { spool, logger } = deps;
  const lanes = deps.readers.map((reader) => ({ reader, position: 0, running: undefined as Promise<void> | undefined, again: false }));
  const stopping = new AbortController();
  let trimmed = 0;

  /** Rows that every reader has are removed; the slowest decides. */
  async function trim(): Promise<void> {
    const reached = Math.min(...lanes.map((lane) => lane.position));
    if (reached <= trimmed) return;
    trimmed = reached;
    await spool.trimOutbox(reached);
  }

  const rest = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  async function drain(lane: (typeof lanes)[number]): Promise<void> {
    do {
      lane.again = false;
      try {
        const { count, position } = await lane.reader.take(lane.position, BATCH);
        if (count === 0) continue;
        lane.position = position;
        await trim();
        lane.again = true;
        if (count < BATCH) await rest(GATHER_MS);
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.error({ reader: lane.reader.name, err: error }, 'events could not be passed on; trying again');
        await rest(RETRY_MS);
        lane.again = true;
      }
    } while (lane.again && !stopping.signal.aborted);
  }

  function wake(): void {
    for (const lane of lanes) {
      lane.again = true;
      if (lane.running !== undefined || stopping.signal.aborted) continue;
      lane.running = drain(lane).finally(() => {
        lane.running = undefined;
        if (lane.again) wake();
      });
    }
  }

  return {
    async start() {
      for (const lane of lanes) lane.position = await lane.reader.position();
      wake();
    },
    wake,
    positions: () => lanes.map(({ reader, position }) => ({ reader: reader.name, position })),
    async isBeyond() {
      // Looked at first: the outbox only grows.
      const furthest = Math.max(0, ...lanes.map((lane) => lane.position));
      return furthest > (await spool.outboxExtent()).last;
    },
    async stop() {
      stopping.abort();
      await Promise.all(lanes.map((lane) => lane.running));
    },
  };
}
