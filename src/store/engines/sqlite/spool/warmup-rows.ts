/** Sources on warm-up in spool.db. A handful of rows: they are read once, at start. */
import { boundedBy } from '../../../retention.js';
import type { WarmupRecord, WarmupStore } from '../../../warmup-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

type WarmupRow = Omit<WarmupRecord, 'history'> & { history: string };

function makeWarmupLookups(database: Connection): Answers<WarmupStore, 'warmups'> {
  const all = database.prepare<[], WarmupRow>(
    `SELECT source, started_at AS startedAt, updated_at AS updatedAt, stage, stage_started_at AS stageStartedAt, sent, bounced,
       day_started_at AS dayStartedAt, sent_in_day AS sentInDay, hour_started_at AS hourStartedAt, sent_in_hour AS sentInHour, history
     FROM warmup ORDER BY source`,
  );
  return {
    warmups: () => all.all().map((row) => ({ ...row, history: JSON.parse(row.history) as WarmupRecord['history'] })),
  };
}

function makeWarmupWrites(database: Connection): Answers<WarmupStore, 'saveWarmup' | 'deleteWarmup'> {
  const save = database.prepare(
    `INSERT OR REPLACE INTO warmup (source, started_at, updated_at, stage, stage_started_at, sent, bounced, day_started_at, sent_in_day,
       hour_started_at, sent_in_hour, history)
     VALUES (@source, @startedAt, @updatedAt, @stage, @stageStartedAt, @sent, @bounced, @dayStartedAt, @sentInDay, @hourStartedAt,
       @sentInHour, @history)`,
  );
  const remove = database.prepare<[string]>('DELETE FROM warmup WHERE source = ?');
  return {
    saveWarmup: (warmup) => void save.run({ ...warmup, history: JSON.stringify(warmup.history) }),
    deleteWarmup: (source) => void remove.run(source),
  };
}

export const warmupRows = {
  tables: { warmup: boundedBy('the sources of the configuration') },
  lookups: makeWarmupLookups,
  writes: makeWarmupWrites,
} satisfies Noun<unknown>;
