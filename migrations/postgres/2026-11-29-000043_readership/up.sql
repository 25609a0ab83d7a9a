-- Why: how often articles are read, and which are read most just now; and which of the newest comments are about which article,
--      without a look at their rows.
-- Lock: the table comments, while the index is built.
-- Rollback: down.sql; what was counted is lost, and nothing else.

CREATE TABLE readership (
    article_id BYTEA NOT NULL PRIMARY KEY REFERENCES articles (id),
    views BIGINT NOT NULL,
    score BIGINT NOT NULL,
    read_at BIGINT NOT NULL
);
CREATE INDEX readership_score_index ON readership (score, article_id);

DROP INDEX comments_status_index;
CREATE INDEX comments_status_index ON comments (status, created_at, id, article_id);
