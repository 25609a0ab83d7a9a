-- Why: the newest articles of a section or a tag were looked for in all of the archive, so that a rare one was found late. A link now
--      says when its publication is dated, and the links of one record are in that order.
-- Lock: publication_links, for as long as it takes to write each row once and to build one index.
-- Rollback: down.sql takes the two columns away again; what they hold stands in publications too.

ALTER TABLE publication_links ADD COLUMN date_published BIGINT NOT NULL DEFAULT 0;
ALTER TABLE publication_links ADD COLUMN article_id BYTEA NOT NULL DEFAULT '';
UPDATE publication_links SET date_published = publications.date_published, article_id = publications.article_id
FROM publications WHERE publications.id = publication_links.publication_id;

-- The newest articles by section, source, tag or author; and «is this record in use?».
DROP INDEX publication_links_target_id_index;
CREATE INDEX publication_links_target_id_index
    ON publication_links (target_id, date_published, article_id, publication_id);
