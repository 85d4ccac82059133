-- What each client or account has used of its allowance: when all of it will be
-- there again, counted by all replicas together.
CREATE TABLE throttles (
    key TEXT NOT NULL PRIMARY KEY,
    arrival BIGINT NOT NULL
);
CREATE INDEX throttles_by_arrival ON throttles (arrival);
