DROP TABLE preview_links;
DROP TABLE article_locks;
