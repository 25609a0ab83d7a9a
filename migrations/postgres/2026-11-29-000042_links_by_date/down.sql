DROP INDEX publication_links_target_id_index;
CREATE INDEX publication_links_target_id_index ON publication_links (target_id, publication_id);
ALTER TABLE publication_links DROP COLUMN article_id;
ALTER TABLE publication_links DROP COLUMN date_published;
