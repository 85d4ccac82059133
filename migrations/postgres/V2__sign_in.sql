-- Providers, sign-ins under way, sessions, tokens, settings, login traces.
CREATE TABLE providers (
    slug TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    config TEXT NOT NULL,
    secrets TEXT NOT NULL,
    managed_by TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sign_in_transactions (
    -- The id of the request that went to the IdP.
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider TEXT COLLATE "C" NOT NULL,
    browser_hash TEXT NOT NULL,
    target TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Set when the IdP has answered: the hash of the one-time code of the
    -- second hop, and what it will find.
    code_hash TEXT COLLATE "C" UNIQUE,
    outcome TEXT
);
CREATE INDEX sign_in_transactions_by_expiry ON sign_in_transactions (expires_at);

CREATE TABLE replay_memory (
    provider TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (provider, message_id)
);
CREATE INDEX replay_memory_by_expiry ON replay_memory (expires_at);

CREATE TABLE sessions (
    id_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider TEXT COLLATE "C" NOT NULL,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);

CREATE TABLE settings (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE login_traces (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    code TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX login_traces_by_reference ON login_traces (reference);
CREATE INDEX login_traces_by_user ON login_traces (user_id, id);
