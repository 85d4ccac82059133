-- Pictures of people, made anew from what a provider gave; one row per user,
-- also where the provider has none, so that it is not asked at every login.
CREATE TABLE user_photos (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The name in the address; it changes with the picture.
    photo_id TEXT UNIQUE,
    -- What it was made from: a hash of the address or of the octets.
    source TEXT NOT NULL,
    octets BYTEA,
    checked_at BIGINT NOT NULL
);
