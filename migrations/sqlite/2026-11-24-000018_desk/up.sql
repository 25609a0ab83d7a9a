-- Why: an article has somebody who works on it, who may be another than its first writer.
-- Lock: the table articles for the length of adding an empty column, and while an index is built.
-- Rollback: down.sql drops the column; who was to work on what is forgotten.

ALTER TABLE articles ADD COLUMN assigned_to BLOB REFERENCES users (id);
-- The desk's list of what is somebody's to do, the latest change first.
CREATE INDEX articles_assigned_to_index ON articles (assigned_to, updated_at, id);
-- Which articles the clock has turned since they were kept: with these, a list by state needs no walk over all.
CREATE INDEX articles_due_at_index ON articles (due_at);
CREATE INDEX articles_due_ends_at_index ON articles (due_ends_at);
CREATE INDEX articles_ends_at_index ON articles (ends_at);
