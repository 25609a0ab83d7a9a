DROP INDEX publications_headline_hash_index;
ALTER TABLE publications DROP COLUMN headline_hash;
DROP TABLE publication_shingles;
