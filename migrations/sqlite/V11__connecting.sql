-- Links by which the admin of an identity provider sets one provider up without
-- an account here.
CREATE TABLE setup_links (
    id TEXT NOT NULL PRIMARY KEY,
    -- The link itself is known to whoever was given it alone.
    token_hash TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL REFERENCES providers (slug) ON DELETE CASCADE,
    -- For whom it was made, in the sender's words, and who made it.
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    -- The product that was chosen, and how far its admin has come.
    progress TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX setup_links_by_provider ON setup_links (provider, created_at);

-- Logins that were tried out: what arrived and what would have happened.
CREATE TABLE test_logins (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL REFERENCES providers (slug) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    -- For whom: a session or a set-up link, and in which browser.
    tester TEXT NOT NULL,
    tester_name TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    report TEXT NOT NULL
);
CREATE INDEX test_logins_by_provider ON test_logins (provider, id);

-- The last login through a provider, among all of them.
CREATE INDEX login_traces_by_provider ON login_traces (provider, outcome, id);
