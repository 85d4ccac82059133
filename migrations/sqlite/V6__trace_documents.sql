-- The message of a login trace, redacted and packed.
ALTER TABLE login_traces ADD COLUMN document BLOB;
