-- Facts of a message, one narrow row. Its bytes are in message_content, so that counting down open_deliveries or reading
-- facts never touches them. settled_at is set when the last delivery ends, and starts the retention period.
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  domain TEXT NOT NULL,
  sender TEXT NOT NULL,
  size INTEGER NOT NULL,
  body_hash TEXT NOT NULL,
  body_file TEXT,
  body_size INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  open_deliveries INTEGER NOT NULL,
  settled_at INTEGER,
  traits TEXT NOT NULL,
  options TEXT NOT NULL,
  facts TEXT NOT NULL
) STRICT;
CREATE INDEX message_by_settled ON message (settled_at) WHERE settled_at IS NOT NULL;
CREATE UNIQUE INDEX message_by_body_file ON message (body_file) WHERE body_file IS NOT NULL;

-- body is NULL when it is a file of the spool folder.
CREATE TABLE message_content (
  message INTEGER PRIMARY KEY REFERENCES message (id),
  head BLOB NOT NULL,
  body BLOB
) STRICT;

-- AUTOINCREMENT: the number of a removed destination is never given to another name, so a flow remembered by the scheduler
-- can only be empty, never somebody else's.
CREATE TABLE destination (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- A row exists exactly while the delivery is open. The key is the order in which a flow is worked off: a take is one seek.
CREATE TABLE queue (
  destination INTEGER NOT NULL REFERENCES destination (id),
  account INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  due INTEGER NOT NULL,
  id INTEGER NOT NULL,
  message INTEGER NOT NULL REFERENCES message (id),
  recipient TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  last TEXT,
  PRIMARY KEY (destination, account, priority, due, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_by_message ON queue (message, id);
CREATE UNIQUE INDEX queue_by_account ON queue (account, id);

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  account INTEGER NOT NULL,
  domain TEXT NOT NULL,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  recipient TEXT NOT NULL,
  message_id TEXT NOT NULL,
  severity TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- The day leads the key, so that removing old days is a range.
CREATE TABLE usage (
  day TEXT NOT NULL,
  account INTEGER NOT NULL,
  domain TEXT NOT NULL,
  recipients INTEGER NOT NULL,
  PRIMARY KEY (day, account, domain)
) STRICT, WITHOUT ROWID;

-- One row: the largest message or delivery id ever put, so that ids go on above it even after a clock was set back.
CREATE TABLE id_mark (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  largest INTEGER NOT NULL
) STRICT;
INSERT INTO id_mark (only, largest) VALUES (1, 0);
