-- Why: a password that was learned opens nothing without the codes of an authenticator, for those who set one up and for the
--      roles that must.
-- Lock: sessions, for a moment: the column has a constant default. The tables are new.
-- Rollback: down.sql takes the second factors away; passwords alone open accounts again.

CREATE TABLE second_factors (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    -- Sealed for this account.
    secret BLOB NOT NULL,
    -- Since when it is asked for.
    confirmed_at BIGINT,
    -- The last half minute whose code was taken.
    last_step BIGINT NOT NULL,
    -- Wrong codes since a right one.
    misses BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
-- Those that are left.
CREATE TABLE recovery_codes (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id)
);
-- «How many has this account left?»
CREATE INDEX recovery_codes_user_id_index ON recovery_codes (user_id);

-- Whether a session was opened with more than a password.
ALTER TABLE sessions ADD COLUMN is_strong BOOLEAN NOT NULL DEFAULT FALSE;
