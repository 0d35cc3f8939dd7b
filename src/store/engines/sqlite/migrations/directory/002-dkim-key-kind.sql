-- Keys are RSA or Ed25519 (RFC 8463). public_key is what the DNS record's p= holds: SubjectPublicKeyInfo for RSA, the 32 bytes for Ed25519.
ALTER TABLE dkim_key ADD COLUMN kind TEXT NOT NULL DEFAULT 'rsa' CHECK (kind IN ('rsa', 'ed25519'));
