-- What nobody has used for long is looked for three times a minute; without this
-- every session is read each time.
CREATE INDEX sessions_by_use ON sessions (last_seen_at);
