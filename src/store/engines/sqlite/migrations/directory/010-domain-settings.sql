-- What a domain's owner may say of it, as Mailgun has it; texts are '' when nothing is said. What of it has no effect yet is
-- in directory/idle-settings.ts.
ALTER TABLE domain ADD COLUMN spam_action TEXT NOT NULL DEFAULT 'disabled' CHECK (spam_action IN ('disabled', 'tag', 'block'));
ALTER TABLE domain ADD COLUMN wildcard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN force_dkim_authority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN force_root_dkim_host INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN automatic_sender_security INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN encrypt_incoming INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domain ADD COLUMN dkim_host TEXT NOT NULL DEFAULT '';
ALTER TABLE domain ADD COLUMN mailfrom_host TEXT NOT NULL DEFAULT '';
ALTER TABLE domain ADD COLUMN archive_to TEXT NOT NULL DEFAULT '';
