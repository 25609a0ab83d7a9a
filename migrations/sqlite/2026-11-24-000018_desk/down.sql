DROP INDEX articles_assigned_to_index;
ALTER TABLE articles DROP COLUMN assigned_to;
