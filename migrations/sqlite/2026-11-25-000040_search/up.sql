-- Why: readers search what is published, in Arabic as they type it. An entry belongs to a publication and is written with it; what
--      of it is visible is decided when it is read. What was published before waits in the backlog until a job has read it,
--      the newest first; it can be resumed at any time, and until it is done, search finds what is read so far.
-- Lock: publications against writing while their ids are copied to the backlog.
-- Rollback: down.sql takes the index away; nothing that anybody wrote is lost.

-- Where a publication stands in the order of dates: seconds times 1,024, and more where it would be another's place.
CREATE TABLE search_entries (
    publication_id BLOB NOT NULL PRIMARY KEY REFERENCES publications (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    headline_hash BIGINT NOT NULL
);
-- «Which place is free?», and what FTS5 found.
CREATE INDEX search_entries_place_index ON search_entries (place, publication_id);
-- «Which headline has these very words?»
CREATE INDEX search_entries_headline_hash_index ON search_entries (headline_hash, place);

CREATE TABLE search_backlog (
    publication_id BLOB NOT NULL PRIMARY KEY REFERENCES publications (id) ON DELETE CASCADE,
    date_published BIGINT NOT NULL
);
-- «What is to be read next?»
CREATE INDEX search_backlog_date_published_index ON search_backlog (date_published, publication_id);
INSERT INTO search_backlog (publication_id, date_published) SELECT id, date_published FROM publications;

-- In its own words: the index itself, by place. It keeps words and their positions, and no text.
CREATE VIRTUAL TABLE search_index USING fts5 (headline, rest, words, content='', contentless_delete=1, tokenize='ascii');
