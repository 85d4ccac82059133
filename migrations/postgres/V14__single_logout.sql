-- Single logout: sessions are found by what an identity provider calls them.
-- The hash of the NameID or subject, and of the provider's own session.
ALTER TABLE sessions ADD COLUMN subject_key TEXT;
ALTER TABLE sessions ADD COLUMN index_key TEXT;
CREATE INDEX sessions_by_subject ON sessions (provider, subject_key);
CREATE INDEX sessions_by_index ON sessions (provider, index_key);

-- LogoutRequests of ours that wait for their answer.
CREATE TABLE logout_requests (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    -- Where the browser goes then: to the application that asked.
    target TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX logout_requests_by_expiry ON logout_requests (expires_at);

-- The applications that a session signed in to. A row outlives its session:
-- then it is the notice that the application is owed, until it has been given.
CREATE TABLE session_apps (
    id TEXT NOT NULL PRIMARY KEY,
    session_hash TEXT NOT NULL,
    application TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Set when the session has ended.
    reason TEXT,
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    UNIQUE (session_hash, application)
);
CREATE INDEX session_apps_by_due ON session_apps (due_at);
