DROP TABLE record_names;
DROP TABLE record_redirects;
DROP INDEX records_user_id_key;
DROP INDEX records_merged_into_index;
ALTER TABLE records DROP COLUMN user_id;
ALTER TABLE records DROP COLUMN merged_into;
