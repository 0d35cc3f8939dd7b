/**
 * Where a reader of the outbox goes on after a start. Its position is kept in another file than the outbox, and either may have been restored, moved
 * away or lost since: a position means something only in the spool that it was kept for, and nothing beyond what that spool ever wrote.
 */
import type { Logger } from 'pino';
import type { EventStore, SpoolStore } from '#store';

type Cursor = NonNullable<Awaited<ReturnType<EventStore['cursor']>>>;
type Extent = Awaited<ReturnType<SpoolStore['outboxExtent']>>;

export interface Resumption {
  position: number;
  /** Why the reader begins anew: it reads everything the outbox still has, and drops what it has already by event id. */
  rewound: 'another spool' | 'beyond the outbox' | undefined;
  /** How many rows the reader missed: they are gone from the outbox, because the reader's own file is older than the spool. */
  missing: number;
}

export function decideResumption(cursor: Cursor | undefined, { spool, first, last }: Extent): Resumption {
  const position = cursor?.position ?? 0;
  const isOther = cursor !== undefined && cursor.spool !== '' && cursor.spool !== spool;
  if (isOther || position > last) return { position: 0, rewound: isOther ? 'another spool' : 'beyond the outbox', missing: 0 };
  return { position, rewound: undefined, missing: Math.max(0, first - 1 - position) };
}

export interface ResumeDeps {
  events: Pick<EventStore, 'cursor' | 'rewindReader'>;
  spool: Pick<SpoolStore, 'outboxExtent'>;
  logger: Logger;
}

/** Gives the position; when it had to be changed, the change is stored. */
export async function resumeReader(reader: string, { events, spool, logger }: ResumeDeps): Promise<number> {
  const [cursor, outbox] = await Promise.all([events.cursor(reader), spool.outboxExtent()]);
  const { position, rewound, missing } = decideResumption(cursor, outbox);
  if (rewound !== undefined) {
    logger.warn(
      { reader, was: cursor?.position, outbox: outbox.last, why: rewound },
      'spool.db was replaced: the reader of its events begins anew',
    );
    await events.rewindReader(reader);
  }
  if (missing > 0) logger.warn({ reader, missing }, 'events.db is older than spool.db: events that had been moved to it are missing');
  return position;
}
