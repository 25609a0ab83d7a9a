-- Why: a newsroom keeps lists of words that reject a comment or withhold it. Whoever writes a comment reads in the same
--      transaction whether the lists have changed since they were prepared, from one row.
-- Lock: none that anybody waits for; both tables are new.
-- Rollback: down.sql forgets the lists; what they decided about comments stays.
CREATE TABLE word_entries (
    id BYTEA NOT NULL PRIMARY KEY,
    list TEXT NOT NULL,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    text_key BYTEA NOT NULL,
    reach TEXT NOT NULL,
    is_spaced BOOLEAN NOT NULL,
    created_by BYTEA NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
-- «Is this word on the list already?»
CREATE UNIQUE INDEX word_entries_text_key_key ON word_entries (list, language, text_key);
-- All of them, those of a list, those of a language, and those of both; the latest first.
CREATE INDEX word_entries_created_at_index ON word_entries (created_at, id);
CREATE INDEX word_entries_list_index ON word_entries (list, created_at, id);
CREATE INDEX word_entries_language_index ON word_entries (language, created_at, id);
CREATE INDEX word_entries_list_language_index ON word_entries (list, language, created_at, id);

-- Counts the changes of the lists. Whoever changes them holds its row until the commit.
CREATE TABLE word_counter (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO word_counter (id, version) VALUES (1, 0);
