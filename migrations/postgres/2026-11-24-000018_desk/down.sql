DROP INDEX articles_ends_at_index;
DROP INDEX articles_due_ends_at_index;
DROP INDEX articles_due_at_index;
DROP INDEX articles_assigned_to_index;
ALTER TABLE articles DROP COLUMN assigned_to;
