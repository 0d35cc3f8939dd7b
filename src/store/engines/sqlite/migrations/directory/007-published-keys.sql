-- Whether DNS showed the key when it was last looked at. Of the keys from before, those of domains that were verified had been.
ALTER TABLE dkim_key ADD COLUMN published INTEGER NOT NULL DEFAULT 0;
UPDATE dkim_key SET published = 1
  WHERE active = 1 AND domain IN (SELECT id FROM domain WHERE state = 'active' AND type = 'custom');
-- Tags are shown in lower case; no two of a template differ by case alone.
UPDATE template_version SET tag = lower(tag);
