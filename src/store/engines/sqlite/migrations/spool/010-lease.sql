-- Who owns the open deliveries, all of them: the number grows with every start, and what comes from an owner before is refused.
CREATE TABLE lease (
  flows TEXT NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO lease (flows, epoch) VALUES ('all', 0);
