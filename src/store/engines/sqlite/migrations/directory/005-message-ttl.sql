-- How long a domain keeps its messages after their last delivery has ended, s.
ALTER TABLE domain ADD COLUMN message_ttl INTEGER NOT NULL DEFAULT 259200;
