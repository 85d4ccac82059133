-- What people reach behind the gateway, and who may.
CREATE TABLE applications (
    slug TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    -- The hash of the client's secret, while it has one.
    secret_hash TEXT,
    secret_made_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The hosts, with the port where it is not the scheme's own, by which
-- forward-auth finds an application: each belongs to one.
CREATE TABLE application_hosts (
    host TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE
);
CREATE INDEX application_hosts_by_application ON application_hosts (application);

CREATE TABLE application_users (
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (application, user_id)
);
CREATE INDEX application_users_by_user ON application_users (user_id);

CREATE TABLE application_groups (
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (application, group_id)
);
CREATE INDEX application_groups_by_group ON application_groups (group_id);
