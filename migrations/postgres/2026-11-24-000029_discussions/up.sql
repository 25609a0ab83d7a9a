-- Why: a moderator closes a discussion, or lets it wait, without a word of the article being touched.
-- Lock: none that anybody waits for; one table is new.
-- Rollback: down.sql; articles go by their own rule again.
CREATE TABLE article_discussions (
    article_id BYTEA NOT NULL PRIMARY KEY REFERENCES articles (id),
    mode TEXT,
    closes_at BIGINT,
    ruled_by BYTEA NOT NULL REFERENCES users (id),
    ruled_at BIGINT NOT NULL
);
