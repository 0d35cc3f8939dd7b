/** Sources on warm-up in spool.db. A handful of rows: they are read once, at start. */
import type { WarmupRecord } from '../../../warmup-store.js';
import type { Connection } from '../database/open-database.js';

type WarmupRow = Omit<WarmupRecord, 'history'> & { history: string };

export function makeWarmupReads(database: Connection) {
  const all = database.prepare<[], WarmupRow>(
    `SELECT source, started_at AS startedAt, updated_at AS updatedAt, stage, stage_started_at AS stageStartedAt, sent, bounced,
       day_started_at AS dayStartedAt, sent_in_day AS sentInDay, hour_started_at AS hourStartedAt, sent_in_hour AS sentInHour, history
     FROM warmup ORDER BY source`,
  );
  return {
    warmups: (): WarmupRecord[] => all.all().map((row) => ({ ...row, history: JSON.parse(row.history) as WarmupRecord['history'] })),
  };
}

export function makeWarmupWrites(database: Connection) {
  const save = database.prepare(
    `INSERT OR REPLACE INTO warmup (source, started_at, updated_at, stage, stage_started_at, sent, bounced, day_started_at, sent_in_day,
       hour_started_at, sent_in_hour, history)
     VALUES (@source, @startedAt, @updatedAt, @stage, @stageStartedAt, @sent, @bounced, @dayStartedAt, @sentInDay, @hourStartedAt,
       @sentInHour, @history)`,
  );
  const remove = database.prepare<[string]>('DELETE FROM warmup WHERE source = ?');
  return {
    saveWarmup: (warmup: WarmupRecord): void => void save.run({ ...warmup, history: JSON.stringify(warmup.history) }),
    deleteWarmup: (source: string): void => void remove.run(source),
  };
}
