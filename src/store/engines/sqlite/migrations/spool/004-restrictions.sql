-- What replies made us do to paths and senders, so that a restart does not forget it.
CREATE TABLE restriction (
  -- What it is about, as JSON: ["path", SOURCE, SITE], ["tenant", ACCOUNT, SITE], ["domain", DESTINATION].
  subject TEXT NOT NULL,
  rule TEXT NOT NULL,
  -- ms since the epoch.
  until INTEGER NOT NULL,
  -- The whole restriction as JSON.
  body TEXT NOT NULL,
  PRIMARY KEY (subject, rule)
) STRICT, WITHOUT ROWID;

CREATE INDEX restriction_until ON restriction (until);
