-- Why: an editor may be bound to some sections, and may be trusted with taking articles back for good.
-- Lock: the table users for the length of adding two columns.
-- Rollback: down.sql drops them: editors work in every section again, and none of them kills.

-- The sections that an editor works in, as a JSON list of ids; an empty one is all. Read with the role at every request.
ALTER TABLE users ADD COLUMN section_ids TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN may_kill BOOLEAN NOT NULL DEFAULT FALSE;
