-- Batches. merge: what the messages are made with, JSON; NULL: an ordinary message. A delivery of a batch has the display name of its recipient and
-- their variables (JSON) in its row, so that they go with it wherever it goes, and end with it.
ALTER TABLE message ADD COLUMN merge TEXT;
ALTER TABLE queue ADD COLUMN recipient_name TEXT;
ALTER TABLE queue ADD COLUMN variables TEXT;
