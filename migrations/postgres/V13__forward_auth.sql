-- What has changed of that which answers "may this person come in" is told to all
-- replicas when the transaction commits: 'u:' and the user's id, 's:' and the
-- session's key, 'a' for the applications, '*' for more than can be named. Triggers
-- tell it, so that no writer can forget to, a hand at the database included. The
-- transaction's own replica reads the same from a setting that ends with the
-- transaction (see docs/adr/0012).
CREATE FUNCTION doorward_changed(what TEXT, aloud BOOLEAN) RETURNS VOID AS $$
DECLARE
    said TEXT := coalesce(current_setting('doorward.changes', true), '');
BEGIN
    IF said = '*' OR strpos(said || ' ', ' ' || what || ' ') > 0 THEN
        RETURN;
    END IF;
    IF what = '*' OR length(said) > 4000 THEN
        PERFORM set_config('doorward.changes', '*', true);
        PERFORM pg_notify('doorward_changes', '*');
        RETURN;
    END IF;
    PERFORM set_config('doorward.changes', said || ' ' || what, true);
    IF aloud THEN
        PERFORM pg_notify('doorward_changes', what);
    END IF;
END
$$ LANGUAGE plpgsql;

-- Notifying commits wait for each other, and each sign-in notes its time. That
-- alone is told by the replica, many at once.
CREATE FUNCTION doorward_user_changed() RETURNS TRIGGER AS $$
DECLARE
    same users%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        same := NEW;
        same.last_login_at := OLD.last_login_at;
        IF same IS NOT DISTINCT FROM OLD THEN
            PERFORM doorward_changed('l:' || OLD.id, false);
            RETURN NULL;
        END IF;
    END IF;
    PERFORM doorward_changed('u:' || OLD.id, true);
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER users_changed AFTER UPDATE OR DELETE ON users
FOR EACH ROW EXECUTE FUNCTION doorward_user_changed();

CREATE FUNCTION doorward_session_changed() RETURNS TRIGGER AS $$
BEGIN
    PERFORM doorward_changed('s:' || OLD.id_hash, true);
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
-- That a session is in use changes nothing.
CREATE TRIGGER sessions_updated
AFTER UPDATE OF id_hash, user_id, provider, data, created_at, expires_at ON sessions
FOR EACH ROW EXECUTE FUNCTION doorward_session_changed();
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
FOR EACH ROW EXECUTE FUNCTION doorward_session_changed();

-- For what hangs on a user.
CREATE FUNCTION doorward_belongings_changed() RETURNS TRIGGER AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM doorward_changed('u:' || OLD.user_id, true);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM doorward_changed('u:' || NEW.user_id, true);
    END IF;
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER external_identities_changed
AFTER INSERT OR DELETE OR UPDATE OF provider, issuer, subject, user_id ON external_identities
FOR EACH ROW EXECUTE FUNCTION doorward_belongings_changed();
CREATE TRIGGER group_members_changed
AFTER INSERT OR DELETE OR UPDATE OF group_id, user_id ON group_members
FOR EACH ROW EXECUTE FUNCTION doorward_belongings_changed();
CREATE TRIGGER application_users_changed AFTER INSERT OR UPDATE OR DELETE ON application_users
FOR EACH ROW EXECUTE FUNCTION doorward_belongings_changed();

-- A group that goes takes its members along; one that is called otherwise does
-- not touch them.
CREATE FUNCTION doorward_all_changed() RETURNS TRIGGER AS $$
BEGIN
    PERFORM doorward_changed('*', true);
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER groups_changed AFTER UPDATE ON groups
FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.is_external <> NEW.is_external)
EXECUTE FUNCTION doorward_all_changed();
-- TRUNCATE fires no trigger for each row.
CREATE TRIGGER users_truncated AFTER TRUNCATE ON users
FOR EACH STATEMENT EXECUTE FUNCTION doorward_all_changed();
CREATE TRIGGER sessions_truncated AFTER TRUNCATE ON sessions
FOR EACH STATEMENT EXECUTE FUNCTION doorward_all_changed();

CREATE FUNCTION doorward_applications_changed() RETURNS TRIGGER AS $$
BEGIN
    PERFORM doorward_changed('a', true);
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER applications_changed AFTER INSERT OR UPDATE OR DELETE ON applications
FOR EACH STATEMENT EXECUTE FUNCTION doorward_applications_changed();
CREATE TRIGGER application_hosts_changed AFTER INSERT OR UPDATE OR DELETE ON application_hosts
FOR EACH STATEMENT EXECUTE FUNCTION doorward_applications_changed();
CREATE TRIGGER application_groups_changed AFTER INSERT OR UPDATE OR DELETE ON application_groups
FOR EACH STATEMENT EXECUTE FUNCTION doorward_applications_changed();

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
