-- Why: what somebody takes back is gone wherever it was kept, also in the answers that are kept for repetitions; readers
--      find what they have said themselves.
-- Lock: the tables replies and comments, while an index of each is built.
-- Rollback: down.sql drops the column and the indexes; nothing is lost.

-- What an answer that is kept tells of.
ALTER TABLE replies ADD COLUMN target_id BYTEA;
-- «Forget what is kept of this one.»
CREATE INDEX replies_target_id_index ON replies (target_id);

-- What somebody has said about one article.
CREATE INDEX comments_author_article_index ON comments (author_id, article_id, created_at, id);
