ALTER TABLE users DROP COLUMN may_kill;
ALTER TABLE users DROP COLUMN section_ids;
