-- Why: PostgreSQL takes no order from an index behind «is null», so the first page of a long discussion would read all of it.
-- Lock: the table comments, while three indexes are made.
-- Rollback: down.sql drops them.

-- What readers are shown first of an article's discussion: what answers no other comment, by age and by reactions.
CREATE INDEX comments_roots_index ON comments (article_id, is_listed, created_at, id) WHERE parent_id IS NULL;
CREATE INDEX comments_roots_reaction_count_index ON comments (article_id, is_listed, reaction_count, id) WHERE parent_id IS NULL;
-- The newest published ones, for feeds.
CREATE INDEX comments_published_index ON comments (article_id, status, created_at, id);
