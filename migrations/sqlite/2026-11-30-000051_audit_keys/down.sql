DROP INDEX audit_log_key_id_index;
ALTER TABLE audit_log DROP COLUMN key_id;
