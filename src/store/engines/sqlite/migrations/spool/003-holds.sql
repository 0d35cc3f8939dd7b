-- What operators hold back: conditions on open deliveries, never marks on their rows. A NULL holds whatever the value.
CREATE TABLE hold (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  domain TEXT,
  destination TEXT,
  site TEXT,
  message INTEGER,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
