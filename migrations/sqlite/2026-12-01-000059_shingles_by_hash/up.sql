-- Why: each hash of a published text stood in three trees of SQLite, two of them only to take it out again. Now it stands in one,
-- and beside it once which hashes a publication has.
-- Lock: publication_shingles, while it is written anew in one transaction: for 100,000 articles 14 seconds on SQLite.
-- Rollback: down.sql makes both as they were.

-- The hashes that are kept of a publication, of eight bytes each.
CREATE TABLE publication_prints (
    publication_id BLOB NOT NULL PRIMARY KEY REFERENCES publications (id) ON DELETE CASCADE,
    hashes BLOB NOT NULL
);

-- In its own words
INSERT INTO publication_prints (publication_id, hashes)
SELECT publication_id, unhex(group_concat(printf('%016X', hash), '')) FROM publication_shingles GROUP BY publication_id;
ALTER TABLE publication_shingles RENAME TO former_shingles;
CREATE TABLE publication_shingles (
    publication_id BLOB NOT NULL,
    hash BIGINT NOT NULL,
    PRIMARY KEY (hash, publication_id)
) WITHOUT ROWID;
INSERT INTO publication_shingles (publication_id, hash)
SELECT publication_id, hash FROM former_shingles ORDER BY hash, publication_id;
DROP TABLE former_shingles;
