-- Why: tags, sources and authors that turn out to be one are merged; a changed slug leads on to the present one; tags have
--      other spellings; an author may have an account.
-- Lock: records for a moment, exclusively on PostgreSQL: its new columns are empty.
-- Rollback: down.sql takes columns and tables away again. What was merged comes apart, and old slugs lead nowhere.

-- The record that took this one's place; never one that was merged itself.
ALTER TABLE records ADD COLUMN merged_into BYTEA REFERENCES records (id);
-- The account of an author.
ALTER TABLE records ADD COLUMN user_id BYTEA REFERENCES users (id);
-- «What was merged into this?»; and what keeps it from being removed.
CREATE INDEX records_merged_into_index ON records (merged_into);
-- One author for each account.
CREATE UNIQUE INDEX records_user_id_key ON records (user_id);

-- Slugs that a record had before.
CREATE TABLE record_redirects (
    kind TEXT NOT NULL,
    slug_key TEXT COLLATE "C" NOT NULL,
    record_id BYTEA NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, slug_key)
);
-- They go with their record.
CREATE INDEX record_redirects_record_id_index ON record_redirects (record_id);

-- What a tag is called, folded: by its name in each language, and by its other spellings. Those have a slug too.
CREATE TABLE record_names (
    kind TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    record_id BYTEA NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    slug_key TEXT COLLATE "C",
    -- «Which of them are called this, or something that begins so?»
    PRIMARY KEY (kind, name_key, record_id)
);
-- «Which has a spelling with this slug?»
CREATE INDEX record_names_slug_key_index ON record_names (kind, slug_key);
-- They are replaced with their record, and go with it.
CREATE INDEX record_names_record_id_index ON record_names (record_id);

-- The words of its slug, which are most often those of its name; the rest follows when a tag is saved.
INSERT INTO record_names (kind, name_key, record_id, slug_key)
    SELECT kind, replace(slug_key, '-', ' '), id, NULL FROM records WHERE kind = 'tag';
