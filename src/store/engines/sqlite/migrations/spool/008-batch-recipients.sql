-- Of a batch: what the message of a recipient was made with, from the end of their delivery until the message goes, so that its owner can read it.
-- recipient is NULL when the owner deleted the message of this recipient while it was still being delivered.
CREATE TABLE batch_recipient (
  message INTEGER NOT NULL REFERENCES message (id),
  delivery INTEGER NOT NULL,
  recipient TEXT,
  name TEXT,
  variables TEXT,
  PRIMARY KEY (message, delivery)
) STRICT, WITHOUT ROWID;
