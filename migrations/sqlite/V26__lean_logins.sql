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

-- Rows that are looked up by their key alone stand under it; keys begin with the
-- time, so that those of one time stand side by side.
CREATE TABLE sign_ins_by_key (
    -- The id of the request that went to the IdP.
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    target TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Set when the IdP has answered and the browser has not come back at once:
    -- the hash of the one-time code of the second hop, and what it will find.
    code_hash TEXT,
    outcome TEXT
) WITHOUT ROWID;
INSERT INTO sign_ins_by_key (id, provider, browser_hash, target, details, created_at, expires_at, code_hash, outcome)
    SELECT id, provider, browser_hash, target, details, created_at, expires_at, code_hash, outcome
    FROM sign_in_transactions;
DROP TABLE sign_in_transactions;
ALTER TABLE sign_ins_by_key RENAME TO sign_in_transactions;
CREATE UNIQUE INDEX sign_in_transactions_by_code ON sign_in_transactions (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX sign_in_transactions_by_expiry ON sign_in_transactions (expires_at);
