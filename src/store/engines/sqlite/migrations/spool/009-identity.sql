-- Names this file: positions in its outbox that are kept elsewhere belong to it and to no other that may lie here one day.
CREATE TABLE identity (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  id TEXT NOT NULL
) STRICT;
INSERT INTO identity (only, id) VALUES (1, lower(hex(randomblob(16))));
