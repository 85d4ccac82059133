-- The keys that sign what applications are given: ID tokens, assertions, logout
-- tokens. The private half is sealed.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    alg TEXT NOT NULL,
    private_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Published before, signs from then on until a younger one does.
    active_from BIGINT NOT NULL
);
