-- Why: the audit log tells of refused calls as well as of changes, by which request each came, and how what was changed looked
--      before and after; and administrators search it.
-- Lock: audit_log, while its indexes are made.
-- Rollback: down.sql takes the columns away again, and with them every line of a call that was refused or changed nothing.

-- How the request came: its method, and the pattern of its path. Nothing where none came, as at the command line.
ALTER TABLE audit_log ADD COLUMN method TEXT;
ALTER TABLE audit_log ADD COLUMN route TEXT;
-- «allowed» or «refused», and how a call was answered that changed nothing.
ALTER TABLE audit_log ADD COLUMN outcome TEXT NOT NULL DEFAULT 'allowed';
ALTER TABLE audit_log ADD COLUMN status BIGINT;
ALTER TABLE audit_log ADD COLUMN code TEXT;
-- SHA-256 of what is kept of the target, before and after.
ALTER TABLE audit_log ADD COLUMN hash_before BLOB;
ALTER TABLE audit_log ADD COLUMN hash_after BLOB;

-- The newsroom's list, the latest first: all of it, and by each of its filters.
CREATE INDEX audit_log_at_index ON audit_log (at, id);
CREATE INDEX audit_log_actor_id_index ON audit_log (actor_id, at, id);
CREATE INDEX audit_log_action_index ON audit_log (action, at, id);
CREATE INDEX audit_log_target_kind_index ON audit_log (target_kind, at, id);
CREATE INDEX audit_log_target_id_index ON audit_log (target_id, at, id);
CREATE INDEX audit_log_outcome_index ON audit_log (outcome, at, id);
CREATE INDEX audit_log_request_id_index ON audit_log (request_id, at, id);
