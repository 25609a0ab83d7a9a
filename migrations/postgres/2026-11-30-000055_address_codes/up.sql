-- Why: with mail set up, whoever makes an account proves by a code that they read the mail of its address; and a preview link that a key
--      made ends with the key.
-- Lock: preview_links, briefly.
-- Rollback: down.sql forgets the codes, and by which keys links were made.
--
-- A mark is the keyed hash of an address; whether it has an account is not said here.
CREATE TABLE address_codes (
    mark BYTEA NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- «Which were made long ago?»
CREATE INDEX address_codes_created_at_index ON address_codes (created_at);
-- Nothing where no key made it.
ALTER TABLE preview_links ADD COLUMN key_id BYTEA;
