-- Users, how providers know them, groups, and who belongs where.
-- Keys compare octet by octet (COLLATE "C"), as they do in SQLite: a database's
-- own collation would order them otherwise, and an index over it breaks when the
-- operating system's idea of that order changes.
CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_name TEXT,
    user_name_key TEXT COLLATE "C" UNIQUE,
    upn TEXT,
    upn_key TEXT COLLATE "C" UNIQUE,
    email TEXT,
    email_key TEXT COLLATE "C" UNIQUE,
    email_verified BOOLEAN NOT NULL,
    name TEXT,
    given_name TEXT,
    family_name TEXT,
    department TEXT,
    job_title TEXT,
    phone TEXT,
    mobile TEXT,
    language TEXT,
    cost_center TEXT,
    extension_attributes TEXT,
    custom_attributes TEXT,
    photo_url TEXT,
    valid_from TEXT,
    valid_to TEXT,
    status TEXT COLLATE "C" NOT NULL,
    roles TEXT NOT NULL,
    scim_id TEXT COLLATE "C" UNIQUE,
    source TEXT NOT NULL,
    owners TEXT NOT NULL,
    -- What a search looks into: names and identifiers in lower case.
    search_text TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_login_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX users_by_status ON users (status, id);
CREATE INDEX users_with_roles ON users (id) WHERE roles <> '';

CREATE TABLE external_identities (
    provider TEXT COLLATE "C" NOT NULL,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    PRIMARY KEY (provider, issuer, subject)
);
CREATE INDEX external_identities_by_user ON external_identities (user_id);

CREATE TABLE groups (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT,
    is_external BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    -- The connection that owns an external group; '' for internal ones, whose
    -- names are unique among themselves.
    owner TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (owner, name_key),
    UNIQUE (owner, external_id)
);

CREATE TABLE group_members (
    group_id TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Who put the person there: a channel takes away only what it gave.
    channel TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (user_id);

CREATE TABLE audit_events (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT COLLATE "C" NOT NULL,
    target_name TEXT NOT NULL,
    changes TEXT NOT NULL
);
CREATE INDEX audit_events_by_target ON audit_events (target_id, id);

CREATE TABLE conflicts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reason TEXT COLLATE "C" NOT NULL,
    observed TEXT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    UNIQUE (provider, issuer, subject, user_id, reason)
);
