-- Why: an article has somebody who works on it, who may be another than its first writer.
-- Lock: the table articles for the length of adding an empty column, and while an index is built.
-- Rollback: down.sql drops the column; who was to work on what is forgotten.

ALTER TABLE articles ADD COLUMN assigned_to BLOB REFERENCES users (id);
-- The desk's list of what is somebody's to do, the latest change first.
CREATE INDEX articles_assigned_to_index ON articles (assigned_to, updated_at, id);
