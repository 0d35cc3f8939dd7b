-- What each source sent in an hour and a day of its warm-up.
-- A row exactly while the source is on warm-up. sent, bounced: in the stage. history: JSON of the stages before.
CREATE TABLE warmup (
  source TEXT NOT NULL PRIMARY KEY,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  stage_started_at INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  bounced INTEGER NOT NULL,
  day_started_at INTEGER NOT NULL,
  sent_in_day INTEGER NOT NULL,
  hour_started_at INTEGER NOT NULL,
  sent_in_hour INTEGER NOT NULL,
  history TEXT NOT NULL
) STRICT, WITHOUT ROWID;
