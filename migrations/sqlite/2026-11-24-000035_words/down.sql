-- The lists are forgotten, and nothing is held by them any more.
DROP TABLE word_entries;
DROP TABLE word_counter;
