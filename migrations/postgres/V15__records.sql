-- What the pages on login traces, the audit log and a person's history look for.

-- The address that an attempt named, where it led to no user.
ALTER TABLE login_traces ADD COLUMN address TEXT;
CREATE INDEX login_traces_by_address ON login_traces (address, id) WHERE address IS NOT NULL;
CREATE INDEX login_traces_of_provider ON login_traces (provider, id);
CREATE INDEX login_traces_by_kind ON login_traces (kind, id);
-- Successes are many and are found by walking back; what is rare has an index
-- that costs a success nothing.
CREATE INDEX login_traces_unsuccessful ON login_traces (outcome, id) WHERE outcome <> 'success';
CREATE INDEX login_traces_by_code ON login_traces (code, id) WHERE code <> 'ok';

-- The user whom an event concerns that happened to another thing: who joined a
-- group, who may use an application.
ALTER TABLE audit_events ADD COLUMN concerns TEXT;
CREATE INDEX audit_events_by_concern ON audit_events (concerns, id) WHERE concerns IS NOT NULL;
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_by_actor_name ON audit_events (actor_name, id);
CREATE INDEX audit_events_by_action ON audit_events (action, id);
CREATE INDEX audit_events_by_actor_kind ON audit_events (actor_kind, id);
CREATE INDEX audit_events_by_target_kind ON audit_events (target_kind, id);
