-- The spool whose outbox the position is in; empty: written before spools had names.
ALTER TABLE reader ADD COLUMN spool TEXT NOT NULL DEFAULT '';
