DROP INDEX comments_origin_index;
CREATE INDEX comments_origin_index ON comments (origin, created_at);
