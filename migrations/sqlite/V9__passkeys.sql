-- Passkeys and security keys of people (WebAuthn), and what is under way with them.
CREATE TABLE passkeys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    -- By what name the authenticator knows it, in base64url; none until it is active.
    credential_id TEXT UNIQUE,
    -- Its public key and what came with it; none until it is active.
    credential TEXT,
    counter BIGINT NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    -- What activates a pending key: the hashes of a link's secret and of a PIN.
    link_hash TEXT UNIQUE,
    link_expires_at BIGINT,
    link_mailed_to TEXT,
    pin_hash TEXT,
    pin_expires_at BIGINT,
    pin_tries BIGINT NOT NULL
);
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);
CREATE INDEX passkeys_in_use ON passkeys (id) WHERE state = 'active';

CREATE TABLE passkey_challenges (
    -- The challenge's hash.
    id TEXT NOT NULL PRIMARY KEY,
    -- The hash of what it was made for and of the browser or session that asked.
    bound_to TEXT NOT NULL,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);
