DROP INDEX comments_author_article_index;
DROP INDEX replies_target_id_index;
ALTER TABLE replies DROP COLUMN target_id;
