-- The secret before the present one, for as long as it still counts.
ALTER TABLE applications ADD COLUMN old_secret_hash TEXT;
ALTER TABLE applications ADD COLUMN old_secret_until BIGINT;
