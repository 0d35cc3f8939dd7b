-- How long each message is kept after its last delivery has ended, ms; 0: its owner has deleted it, so it goes at once. Messages are found by their
-- storage key through the id that the key holds.
ALTER TABLE message ADD COLUMN keep_ms INTEGER NOT NULL DEFAULT 259200000;
DROP INDEX message_by_settled;
CREATE INDEX message_by_end ON message (settled_at + keep_ms) WHERE settled_at IS NOT NULL;

-- The first answer given for each Idempotency-Key, written with the message it tells of.
CREATE TABLE given_answer (
  account INTEGER NOT NULL,
  domain TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  answer TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account, domain, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX given_answer_by_time ON given_answer (at);
