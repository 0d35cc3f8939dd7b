-- What customers configured. Every row names its account; the composite foreign keys make it impossible to hang a row of
-- one account on a domain of another.
CREATE TABLE account (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  signing_key TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE domain (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES account (id),
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL CHECK (type IN ('custom', 'sandbox')),
  state TEXT NOT NULL CHECK (state IN ('active', 'unverified', 'disabled')),
  require_tls INTEGER NOT NULL,
  skip_verification INTEGER NOT NULL,
  web_scheme TEXT NOT NULL CHECK (web_scheme IN ('http', 'https')),
  web_prefix TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account, id)
) STRICT;
CREATE INDEX domain_by_account_name ON domain (account, name);

CREATE TABLE dkim_key (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  domain INTEGER NOT NULL,
  selector TEXT NOT NULL,
  private_key TEXT NOT NULL,
  public_key TEXT NOT NULL,
  bits INTEGER NOT NULL,
  active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (domain, selector),
  FOREIGN KEY (account, domain) REFERENCES domain (account, id)
) STRICT;
CREATE INDEX dkim_key_by_domain ON dkim_key (account, domain);

CREATE TABLE credential (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  domain INTEGER NOT NULL,
  login TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  FOREIGN KEY (account, domain) REFERENCES domain (account, id)
) STRICT;
CREATE INDEX credential_by_domain ON credential (account, domain, login);

CREATE TABLE api_key (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  role TEXT NOT NULL CHECK (role IN ('admin', 'analyst', 'developer', 'support', 'sending')),
  kind TEXT NOT NULL CHECK (kind IN ('domain', 'user', 'web')),
  description TEXT NOT NULL,
  domain_name TEXT,
  secret_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_by_account ON api_key (account, created_at, id);
