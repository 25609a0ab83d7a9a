DROP INDEX comments_status_index;
CREATE INDEX comments_status_index ON comments (status, created_at, id);
DROP TABLE readership;
