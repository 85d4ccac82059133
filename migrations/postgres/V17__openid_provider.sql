-- The OpenID provider. Of what is secret (codes, tokens, handles of requests) there
-- are hashes only.

-- Authorization requests that were pushed (RFC 9126), or wait for the person.
CREATE TABLE oidc_requests (
    id_hash TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    params TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oidc_requests_by_expiry ON oidc_requests (expires_at);
CREATE INDEX oidc_requests_by_application ON oidc_requests (application);

-- What one sign-in to one application gave: a code, and all that came of it.
-- Whatever ends access deletes the row, and everything goes with it.
CREATE TABLE oidc_grants (
    id TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The session in which it was given, and whether it outlives that.
    session_hash TEXT NOT NULL,
    is_offline BOOLEAN NOT NULL,
    scope TEXT NOT NULL,
    details TEXT NOT NULL,
    code_hash TEXT NOT NULL UNIQUE,
    code_expires_at BIGINT NOT NULL,
    code_used_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oidc_grants_by_user ON oidc_grants (user_id, application);
CREATE INDEX oidc_grants_by_application ON oidc_grants (application);
CREATE INDEX oidc_grants_by_session ON oidc_grants (session_hash);
CREATE INDEX oidc_grants_by_expiry ON oidc_grants (expires_at);

CREATE TABLE oidc_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES oidc_grants (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Refresh tokens: when another one took its place.
    used_at BIGINT
);
CREATE INDEX oidc_tokens_by_grant ON oidc_tokens (grant_id);
CREATE INDEX oidc_tokens_by_expiry ON oidc_tokens (expires_at);

-- What people agreed to, for applications that are not the company's own.
CREATE TABLE oidc_consents (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, application)
);
CREATE INDEX oidc_consents_by_application ON oidc_consents (application);
