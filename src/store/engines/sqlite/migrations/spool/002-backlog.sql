-- What each account has waiting, kept in step by every put and settle (once per commit), so that a start need not count the queue.
-- bytes: sizes of the messages that have an open delivery.
CREATE TABLE backlog (
  account INTEGER PRIMARY KEY,
  deliveries INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
INSERT INTO backlog (account, deliveries, bytes)
  SELECT account, sum(open_deliveries), sum(size) FROM message WHERE open_deliveries > 0 GROUP BY account;
