-- Why: the embargo check asks what the log has told of an article that is held back.
-- Lock: the table events while the index is built.
-- Rollback: down.sql drops the index.

-- «What was told of this?»
CREATE INDEX events_target_id_index ON events (target_id, seq);
