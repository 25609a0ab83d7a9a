DROP TABLE collection_swaps;
DROP TABLE collection_redirects;
DROP TABLE collections;
