-- Why: a line of the audit log says with which key a program acted, not only for whom.
-- Lock: audit_log, while the index is made: nothing is written meanwhile.
-- Rollback: down.sql forgets the keys.

ALTER TABLE audit_log ADD COLUMN key_id BLOB;
-- «What was done with this key?»
CREATE INDEX audit_log_key_id_index ON audit_log (key_id, at, id) WHERE key_id IS NOT NULL;
