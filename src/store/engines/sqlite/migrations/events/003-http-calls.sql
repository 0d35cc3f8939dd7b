-- HTTP requests on their way to customers' servers, with their bytes, until they are taken or given up. One origin at a time is asked for what is
-- due, so that a server which does not answer never stands before another one.
CREATE TABLE http_call (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER NOT NULL,
  origin TEXT NOT NULL,
  url TEXT NOT NULL,
  content_type TEXT NOT NULL,
  body BLOB NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX http_call_by_origin ON http_call (origin, due, id);
CREATE INDEX http_call_by_created ON http_call (created_at);
