-- Addresses that mail leaves from, and the pools that domains choose them by.
CREATE TABLE pool (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES account (id),
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account, id)
) STRICT;

CREATE TABLE pool_address (
  pool INTEGER NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  PRIMARY KEY (pool, address)
) STRICT, WITHOUT ROWID;

-- A domain has a pool, or addresses of its own, or neither: then its mail leaves from any.
CREATE TABLE domain_pool (
  domain INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  pool INTEGER NOT NULL,
  FOREIGN KEY (account, domain) REFERENCES domain (account, id) ON DELETE CASCADE,
  FOREIGN KEY (account, pool) REFERENCES pool (account, id)
) STRICT;
CREATE INDEX domain_pool_by_pool ON domain_pool (account, pool, domain);

CREATE TABLE domain_address (
  domain INTEGER NOT NULL,
  account INTEGER NOT NULL,
  address TEXT NOT NULL,
  PRIMARY KEY (domain, address),
  FOREIGN KEY (account, domain) REFERENCES domain (account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX domain_address_by_address ON domain_address (account, address, domain);
