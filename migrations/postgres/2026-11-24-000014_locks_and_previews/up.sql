-- Why: who is writing at an article holds it for a minute at a time, and links show what is not published yet to those
--      who have no account.
-- Lock: none, the tables are new.
-- Rollback: down.sql drops them: locks end, and links lead nowhere.

-- A lock whose time is over is none, whether or not its row is still there.
CREATE TABLE article_locks (
    article_id BYTEA NOT NULL PRIMARY KEY REFERENCES articles (id),
    user_id BYTEA NOT NULL REFERENCES users (id),
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- `version` is the revision that is shown; nothing stands for the working copy. Of the token only the SHA-256 is kept.
CREATE TABLE preview_links (
    id BYTEA NOT NULL PRIMARY KEY,
    article_id BYTEA NOT NULL REFERENCES articles (id),
    token_hash BYTEA NOT NULL,
    version BIGINT,
    note TEXT,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    created_by BYTEA NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
-- «Whose token is this?»
CREATE UNIQUE INDEX preview_links_token_hash_key ON preview_links (token_hash);
-- The list of one article, newest first.
CREATE INDEX preview_links_created_at_index ON preview_links (article_id, created_at, id);
