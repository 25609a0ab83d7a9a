-- Why: a newsroom may have a service of its own look at comments before everyone reads them. Where it is, what it is signed
--      with (sealed) and how long it is waited for; at most one row, which is found by its key.
-- Lock: none that anybody waits for; the table is new.
-- Rollback: down.sql forgets the service, and nobody is asked any more.
CREATE TABLE comment_hooks (
    id BIGINT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    secret BYTEA NOT NULL,
    timeout_ms BIGINT NOT NULL,
    updated_by BYTEA NOT NULL REFERENCES users (id),
    updated_at BIGINT NOT NULL
);
