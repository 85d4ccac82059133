-- People who sign in here: their passwords, the links that mails carry, and the
-- mails themselves.
CREATE TABLE passwords (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- A PHC string: algorithm, parameters, salt and hash.
    hash TEXT NOT NULL,
    -- Changes with the password: what browsers remember is bound to it.
    epoch TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE account_links (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    -- The address that the link was made for: whoever opens it reads mail there.
    email_key TEXT,
    application TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX account_links_by_user ON account_links (user_id);
CREATE INDEX account_links_by_expiry ON account_links (expires_at);

-- What people asked for and nobody has looked at yet: the one who asks is
-- answered before anybody knows whether there is such a person.
CREATE TABLE account_requests (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    language TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE mail_outbox (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- The bodies, sealed: they hold links. Empty once the mail is sent.
    bodies TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it is due; while it is being sent, when the sender's claim ends.
    next_at BIGINT NOT NULL,
    claim TEXT,
    problem TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX mail_outbox_due ON mail_outbox (state, next_at);
CREATE INDEX mail_outbox_by_user ON mail_outbox (user_id);

-- Who was told of an application: once each.
CREATE TABLE application_mails (
    application TEXT NOT NULL REFERENCES applications (slug) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mailed_at BIGINT NOT NULL,
    PRIMARY KEY (application, user_id)
);
CREATE INDEX application_mails_by_user ON application_mails (user_id);
