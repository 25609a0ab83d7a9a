-- Why: programs act for the newsroom without anybody's password, with no more rights than they need.
-- Lock: none that anybody waits for; the table is new.
-- Rollback: down.sql takes the keys away; programs that use them are refused.

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL,
    old_hash BLOB,
    old_hash_until BIGINT,
    scopes TEXT NOT NULL,
    addresses TEXT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- «Whose key is this?»
CREATE UNIQUE INDEX api_keys_hash_key ON api_keys (hash);
CREATE INDEX api_keys_old_hash_index ON api_keys (old_hash);
-- The newest first.
CREATE INDEX api_keys_created_at_index ON api_keys (created_at, id);
-- «Does anything rest on this account?»
CREATE INDEX api_keys_user_id_index ON api_keys (user_id);
