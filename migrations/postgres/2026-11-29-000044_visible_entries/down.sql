DROP INDEX search_entries_place_index;
CREATE INDEX search_entries_place_index ON search_entries (place, publication_id);
ALTER TABLE search_entries DROP COLUMN visible_until;
ALTER TABLE search_entries DROP COLUMN visible_from;
