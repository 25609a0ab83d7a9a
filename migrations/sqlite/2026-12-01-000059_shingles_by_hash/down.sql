DROP TABLE publication_prints;

-- In its own words
ALTER TABLE publication_shingles RENAME TO former_shingles;
CREATE TABLE publication_shingles (
    publication_id BLOB NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    hash BIGINT NOT NULL,
    PRIMARY KEY (publication_id, hash)
);
INSERT INTO publication_shingles (publication_id, hash) SELECT publication_id, hash FROM former_shingles
WHERE publication_id IN (SELECT id FROM publications);
DROP TABLE former_shingles;
CREATE INDEX publication_shingles_hash_index ON publication_shingles (hash, publication_id);
