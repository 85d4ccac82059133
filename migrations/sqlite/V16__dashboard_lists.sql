-- What the lists of the dashboard are read from. A search goes through this one
-- from end to end, and never sees the rows, which are many times larger.
CREATE INDEX users_for_search ON users (id, status, source, search_text);
CREATE INDEX users_by_source ON users (source, id);
-- Logins of the last day, by hour, outcome and reason.
CREATE INDEX login_traces_by_day ON login_traces (id, at, kind, outcome, code);
CREATE INDEX conflicts_by_status ON conflicts (status, id);
