-- Webhooks: what other systems are told, written with what it tells of.
CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    events TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- Sealed; the one before the last change signs too until it ends.
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_secret_until BIGINT,
    -- Since when nothing has come through, and why it was switched off.
    failing_since BIGINT,
    disabled_reason TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- No reference to the webhook: one that is deleted must not stop what is told.
CREATE TABLE webhook_deliveries (
    webhook TEXT NOT NULL,
    message TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (webhook, message)
);
CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (state, due_at);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, state, leased_until);

CREATE TABLE webhook_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    webhook TEXT NOT NULL,
    message TEXT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT,
    duration_ms BIGINT NOT NULL,
    error TEXT
);
CREATE INDEX webhook_attempts_by_message ON webhook_attempts (webhook, message);
