-- What the lists of the dashboard are read from. Parts of words are found by
-- their trigrams. The extension is PostgreSQL's own and needs no superuser, but
-- not every server has it installed; without it a search reads the table.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX users_for_search ON users USING gin (search_text gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'no pg_trgm: a search reads the whole table (%)', SQLERRM;
END
$$;
CREATE INDEX users_by_source ON users (source, id);
-- Logins of the last day, by hour, outcome and reason.
CREATE INDEX login_traces_by_day ON login_traces (id, at, kind, outcome, code);
CREATE INDEX conflicts_by_status ON conflicts (status, id);
