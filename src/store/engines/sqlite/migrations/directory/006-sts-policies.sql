-- MTA-STS policies that were fetched, so that a restart forgets none (RFC 8461 5.1).
CREATE TABLE sts_policy (
  domain TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('enforce', 'testing', 'none')),
  -- Patterns with a space between them.
  mx TEXT NOT NULL,
  fetched_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sts_policy_by_end ON sts_policy (expires_at);
