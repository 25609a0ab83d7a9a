-- Why: people see where they are signed in and end what they don't know, and grave steps ask who did not prove who they are
--      for some time to do it again.
-- Lock: sessions, for as long as it takes to write each row once.
-- Rollback: down.sql takes the columns away; sessions stay as they are.

-- What its holder calls it.
ALTER TABLE sessions ADD COLUMN name TEXT;
-- What the program that opened it said of itself.
ALTER TABLE sessions ADD COLUMN agent TEXT;
-- When it was last given tokens.
ALTER TABLE sessions ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
-- When its holder last proved who they are.
ALTER TABLE sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;
UPDATE sessions SET used_at = created_at, proved_at = created_at;
