-- One index in place of two that each login wrote: what a provider's list and
-- its standing are read from.
DROP INDEX login_traces_by_provider;
DROP INDEX login_traces_of_provider;
CREATE INDEX login_traces_of_provider ON login_traces (provider, id, outcome);
