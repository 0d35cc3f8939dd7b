-- A stream is the events of one account, domain, event name and severity. Naming it by a number keeps the indexes narrow and
-- makes every filter a seek: find the streams that match, seek in each, merge by (at, id).
CREATE TABLE stream (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  domain TEXT NOT NULL,
  event TEXT NOT NULL,
  severity TEXT NOT NULL,
  UNIQUE (account, domain, event, severity)
) STRICT;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  stream INTEGER NOT NULL REFERENCES stream (id),
  at INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  message_id TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_stream ON event (stream, at, id);
CREATE INDEX event_by_recipient ON event (recipient, stream, at, id);
CREATE INDEX event_by_message ON event (message_id, stream, at, id);

-- How far each reader of the outbox has come.
CREATE TABLE reader (
  name TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
