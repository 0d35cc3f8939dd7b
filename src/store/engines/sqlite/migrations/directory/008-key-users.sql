-- Whom a key was made for, as whoever made it says.
ALTER TABLE api_key ADD COLUMN email TEXT;
ALTER TABLE api_key ADD COLUMN user_id TEXT;
ALTER TABLE api_key ADD COLUMN user_name TEXT;
