DROP INDEX comments_published_index;
DROP INDEX comments_roots_reaction_count_index;
DROP INDEX comments_roots_index;
