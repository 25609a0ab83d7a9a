-- Why: editors put a front page together, by hand and by rule, and say when it changes.
-- Lock: none, the tables are new.
-- Rollback: down.sql drops them, with what they hold.

CREATE TABLE collections (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    slug_key TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    content TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Look-up by slug, and one collection for each.
CREATE UNIQUE INDEX collections_slug_key_key ON collections (slug_key);
-- The lists, by name.
CREATE INDEX collections_sort_key_index ON collections (sort_key, id);

-- Slugs that a collection had before.
CREATE TABLE collection_redirects (
    slug_key TEXT NOT NULL PRIMARY KEY,
    collection_id BLOB NOT NULL REFERENCES collections (id) ON DELETE CASCADE
);
-- They go with their collection.
CREATE INDEX collection_redirects_collection_id_index ON collection_redirects (collection_id);

-- What takes the place of a collection's slots at an instant; it goes when that is told.
CREATE TABLE collection_swaps (
    id BLOB NOT NULL PRIMARY KEY,
    collection_id BLOB NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    slots TEXT NOT NULL,
    created_by BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
-- «What takes its place by now?»
CREATE INDEX collection_swaps_collection_id_index ON collection_swaps (collection_id, at, id);
-- «Whose time has come?»
CREATE INDEX collection_swaps_at_index ON collection_swaps (at, id);
