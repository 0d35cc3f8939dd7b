-- From where a login was used with its right password, so that after a restart, too, guessing by strangers does not lock its owner out.
CREATE TABLE login_client (
  login TEXT NOT NULL REFERENCES credential (login) ON DELETE CASCADE,
  -- An IPv4 address, or an IPv6 /64 network.
  client TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (login, client)
) STRICT, WITHOUT ROWID;
