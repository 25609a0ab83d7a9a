-- Why: a paragraph that stands in a published article of another source is found again, and so is a headline.
-- Lock: publications against writing while an index on it is made; the column is added at once, and the table is new.
-- Rollback: down.sql takes both away; nothing that anybody wrote is lost. What was published before this is found again
--           once it is published anew.

-- Some of the hashes of eight words in a row of what is or was public, at most 400 for each publication.
CREATE TABLE publication_shingles (
    publication_id BYTEA NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    hash BIGINT NOT NULL,
    PRIMARY KEY (publication_id, hash)
);
-- «Where else does this text stand?» and «is it a formula?»
CREATE INDEX publication_shingles_hash_index ON publication_shingles (hash, publication_id);

-- The hash of the language and the folded headline; nothing for what was published before there was one.
ALTER TABLE publications ADD COLUMN headline_hash BIGINT;
-- «Was something published under this headline today?»
CREATE INDEX publications_headline_hash_index ON publications (headline_hash, date_published);
