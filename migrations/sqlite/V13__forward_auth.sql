-- What has changed of that which answers "may this person come in", in the order
-- of the writes: 'u:' and the user's id, 's:' and the session's key, 'a' for the
-- applications, '*' for more than can be named. Triggers write it, so that no
-- writer can forget to, the command line and a hand at the file included. Caches
-- read it (see docs/adr/0012).
CREATE TABLE changes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    what TEXT NOT NULL
);

CREATE TRIGGER users_updated AFTER UPDATE ON users
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.id); END;
CREATE TRIGGER users_deleted AFTER DELETE ON users
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.id); END;

-- That a session is in use changes nothing.
CREATE TRIGGER sessions_updated
AFTER UPDATE OF id_hash, user_id, provider, data, created_at, expires_at ON sessions
BEGIN INSERT INTO changes (what) VALUES ('s:' || OLD.id_hash); END;
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
BEGIN INSERT INTO changes (what) VALUES ('s:' || OLD.id_hash); END;

CREATE TRIGGER external_identities_inserted AFTER INSERT ON external_identities
BEGIN INSERT INTO changes (what) VALUES ('u:' || NEW.user_id); END;
CREATE TRIGGER external_identities_updated
AFTER UPDATE OF provider, issuer, subject, user_id ON external_identities
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.user_id), ('u:' || NEW.user_id); END;
CREATE TRIGGER external_identities_deleted AFTER DELETE ON external_identities
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.user_id); END;

CREATE TRIGGER group_members_inserted AFTER INSERT ON group_members
BEGIN INSERT INTO changes (what) VALUES ('u:' || NEW.user_id); END;
CREATE TRIGGER group_members_updated AFTER UPDATE OF group_id, user_id ON group_members
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.user_id), ('u:' || NEW.user_id); END;
CREATE TRIGGER group_members_deleted AFTER DELETE ON group_members
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.user_id); END;

-- A group that goes takes its members along; one that is called otherwise does
-- not touch them.
CREATE TRIGGER groups_updated AFTER UPDATE ON groups
WHEN OLD.name <> NEW.name OR OLD.is_external <> NEW.is_external
BEGIN INSERT INTO changes (what) VALUES ('*'); END;

CREATE TRIGGER applications_inserted AFTER INSERT ON applications
BEGIN INSERT INTO changes (what) VALUES ('a'); END;
CREATE TRIGGER applications_updated AFTER UPDATE ON applications
BEGIN INSERT INTO changes (what) VALUES ('a'); END;
CREATE TRIGGER applications_deleted AFTER DELETE ON applications
BEGIN INSERT INTO changes (what) VALUES ('a'); END;

CREATE TRIGGER application_hosts_inserted AFTER INSERT ON application_hosts
BEGIN INSERT INTO changes (what) VALUES ('a'); END;
CREATE TRIGGER application_hosts_updated AFTER UPDATE ON application_hosts
BEGIN INSERT INTO changes (what) VALUES ('a'); END;
CREATE TRIGGER application_hosts_deleted AFTER DELETE ON application_hosts
BEGIN INSERT INTO changes (what) VALUES ('a'); END;

CREATE TRIGGER application_users_inserted AFTER INSERT ON application_users
BEGIN INSERT INTO changes (what) VALUES ('u:' || NEW.user_id); END;
CREATE TRIGGER application_users_updated AFTER UPDATE ON application_users
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.user_id), ('u:' || NEW.user_id); END;
CREATE TRIGGER application_users_deleted AFTER DELETE ON application_users
BEGIN INSERT INTO changes (what) VALUES ('u:' || OLD.user_id); END;

CREATE TRIGGER application_groups_inserted AFTER INSERT ON application_groups
BEGIN INSERT INTO changes (what) VALUES ('a'); END;
CREATE TRIGGER application_groups_updated AFTER UPDATE ON application_groups
BEGIN INSERT INTO changes (what) VALUES ('a'); END;
CREATE TRIGGER application_groups_deleted AFTER DELETE ON application_groups
BEGIN INSERT INTO changes (what) VALUES ('a'); END;

-- Sessions on the hosts of applications that do not share the gateway's domain: a
-- cookie of that host, worth that host only, and no longer than the session itself.
CREATE TABLE host_sessions (
    id_hash TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id_hash) ON DELETE CASCADE,
    host TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX host_sessions_by_session ON host_sessions (session);

-- How a session gets there: once, within a minute, in the browser that asked.
CREATE TABLE host_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id_hash) ON DELETE CASCADE,
    host TEXT NOT NULL,
    -- The hash of the cookie that the host gave that browser.
    browser_hash TEXT NOT NULL,
    target TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX host_codes_by_session ON host_codes (session);
CREATE INDEX host_codes_by_expiry ON host_codes (expires_at);
