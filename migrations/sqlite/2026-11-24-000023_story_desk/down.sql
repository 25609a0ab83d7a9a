DROP INDEX articles_rewrite_of_index;
