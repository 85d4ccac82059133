-- What signing out at an OpenID provider needs of a session that began there: its ID
-- token, sealed. A row outlives its session for as long as that could have lasted.
CREATE TABLE upstream_sessions (
    session_hash TEXT NOT NULL PRIMARY KEY,
    id_token TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX upstream_sessions_by_expiry ON upstream_sessions (expires_at);

-- Whose validity has just passed: their sessions end, and applications hear of it.
CREATE INDEX users_by_valid_to ON users (valid_to) WHERE valid_to IS NOT NULL;
