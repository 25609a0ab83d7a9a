-- Why: each new comment asks who else has just written from where it comes from. The index led to the rows and each row was
--      read for its writer, those of the writer too; now the index says it.
-- Lock: the table comments, while the index is built.
-- Rollback: down.sql makes the old one again; nothing is lost.

DROP INDEX comments_origin_index;
CREATE INDEX comments_origin_index ON comments (origin, created_at, author_id);
