-- Metadata that is fetched: the last good copy for each provider that has an
-- address for it, and how the fetching goes.
CREATE TABLE provider_metadata (
    provider TEXT NOT NULL PRIMARY KEY REFERENCES providers (slug) ON DELETE CASCADE,
    url TEXT NOT NULL,
    -- The last good copy, of whom it speaks and until when; NULL until there
    -- is one.
    document TEXT,
    entity_id TEXT,
    valid_until BIGINT,
    fetched_at BIGINT,
    -- What the server called that copy, to ask whether there is another.
    etag TEXT,
    last_modified TEXT,
    -- When to fetch again, and until when whoever does so has it for itself.
    next_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    -- How often it failed in a row, why, since when, and when that was told.
    failures BIGINT NOT NULL,
    failure_code TEXT,
    failing_since BIGINT,
    traced_at BIGINT
);
CREATE INDEX provider_metadata_by_next ON provider_metadata (next_at);

-- Alarms that were raised, so that each is raised once: what ends, when, and
-- how many days ahead it was told.
CREATE TABLE expiry_alarms (
    provider TEXT NOT NULL REFERENCES providers (slug) ON DELETE CASCADE,
    what TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    days BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    PRIMARY KEY (provider, what, ends_at, days)
);
