-- Templates of a domain and their versions. Names are lower-case; tags are compared without regard to the case of ASCII letters.
CREATE TABLE template (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  domain INTEGER NOT NULL,
  public_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (domain, name),
  UNIQUE (account, id),
  FOREIGN KEY (account, domain) REFERENCES domain (account, id)
) STRICT;
CREATE INDEX template_by_domain ON template (account, domain, name);

CREATE TABLE template_version (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  template INTEGER NOT NULL,
  public_id TEXT NOT NULL,
  tag TEXT NOT NULL COLLATE NOCASE,
  engine TEXT NOT NULL,
  source TEXT NOT NULL,
  -- JSON object of the header fields the version brings along.
  headers TEXT NOT NULL,
  comment TEXT NOT NULL,
  active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (template, tag),
  FOREIGN KEY (account, template) REFERENCES template (account, id)
) STRICT;
CREATE INDEX template_version_by_tag ON template_version (account, template, tag);
CREATE UNIQUE INDEX template_version_active ON template_version (template) WHERE active = 1;
