-- What a login writes, less: every index costs it a page.
-- A provider that signs people out names them by the identity that they have had
-- since they signed in, mostly; what is found by that stands in no other index.
DROP INDEX sessions_by_subject;
DROP INDEX sessions_by_index;
CREATE INDEX sessions_by_subject ON sessions (provider, subject_key) WHERE subject_key IS NOT NULL;
CREATE INDEX sessions_by_index ON sessions (provider, index_key) WHERE index_key IS NOT NULL;
-- The reference of a success is on nobody's page: it is found by reading through
-- the last of these. Most attempts are SAML's, and are found by walking back.
DROP INDEX login_traces_by_reference;
DROP INDEX login_traces_by_kind;
DROP INDEX login_traces_by_day;
CREATE INDEX login_traces_by_reference ON login_traces (reference) WHERE outcome <> 'success';
CREATE INDEX login_traces_by_kind ON login_traces (kind, id) WHERE kind <> 'saml';
CREATE INDEX login_traces_by_day ON login_traces (id, at, kind, outcome, code, reference);
