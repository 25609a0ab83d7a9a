-- Why: whether what a search found is public was looked up in publications, whose rows are as long as their texts. An entry
--      now says it itself, and the index by place has all that a search asks for. One that says nothing is not found.
-- Lock: search_entries, for as long as it takes to write each row once and to build one index.
-- Rollback: down.sql takes the two columns away again; what they hold stands in publications too.

ALTER TABLE search_entries ADD COLUMN visible_from BIGINT NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE search_entries ADD COLUMN visible_until BIGINT;
UPDATE search_entries SET visible_from = publications.visible_from, visible_until = publications.visible_until
FROM publications WHERE publications.id = search_entries.publication_id;

-- «Which place is free?», and what was found.
DROP INDEX search_entries_place_index;
CREATE INDEX search_entries_place_index ON search_entries (place, publication_id, visible_from, visible_until);
