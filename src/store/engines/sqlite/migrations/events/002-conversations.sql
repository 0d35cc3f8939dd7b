-- What was said to peers in the last attempts of a delivery. Written in the order of time, so the oldest are those with the
-- smallest seq, and removing them needs no index of its own.
CREATE TABLE conversation (
  seq INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  delivery INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'deferred', 'failed')),
  text TEXT NOT NULL
) STRICT;
CREATE INDEX conversation_by_delivery ON conversation (delivery, seq);
CREATE INDEX conversation_by_message ON conversation (message_id, seq);
