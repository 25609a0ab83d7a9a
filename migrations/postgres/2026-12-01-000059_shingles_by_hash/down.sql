DROP TABLE publication_prints;

-- In its own words
DELETE FROM publication_shingles WHERE publication_id NOT IN (SELECT id FROM publications);
ALTER TABLE publication_shingles DROP CONSTRAINT publication_shingles_pkey;
ALTER TABLE publication_shingles ADD PRIMARY KEY (publication_id, hash);
ALTER TABLE publication_shingles
    ADD FOREIGN KEY (publication_id) REFERENCES publications (id) ON DELETE CASCADE;
CREATE INDEX publication_shingles_hash_index ON publication_shingles (hash, publication_id);
