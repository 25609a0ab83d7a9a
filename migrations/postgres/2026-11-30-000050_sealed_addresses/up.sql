-- Why: no address of an account is kept in clear. It is sealed, and found by a keyed hash of it, its mark.
-- Lock: users, briefly; accounts are few. Nodes of an older version sign nobody in from here on: start all of them anew.
-- Rollback: down.sql can't open what is sealed. Accounts get an address that tells their id, and an administrator must be made
--           anew.
--
-- SQL can't seal: the next start does, and empties this table.
CREATE TABLE unsealed_addresses (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (id),
    email TEXT NOT NULL
);
INSERT INTO unsealed_addresses SELECT id, email FROM users WHERE email NOT LIKE '%@erased.invalid';

DROP INDEX users_email_key;
ALTER TABLE users DROP COLUMN email;
-- An account that was erased has none.
ALTER TABLE users ADD COLUMN email_mark BYTEA;
ALTER TABLE users ADD COLUMN email_sealed BYTEA;
-- Sign-in by e-mail, and one account for each.
CREATE UNIQUE INDEX users_email_mark_key ON users (email_mark);
