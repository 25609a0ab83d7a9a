DROP TABLE search_index;
DROP TABLE search_backlog;
DROP TABLE search_entries;
