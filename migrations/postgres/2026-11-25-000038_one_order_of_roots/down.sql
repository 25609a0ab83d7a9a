CREATE INDEX comments_roots_index ON comments (article_id, is_listed, created_at, id) WHERE parent_id IS NULL;
CREATE INDEX comments_roots_reaction_count_index ON comments (article_id, is_listed, reaction_count, id) WHERE parent_id IS NULL;
