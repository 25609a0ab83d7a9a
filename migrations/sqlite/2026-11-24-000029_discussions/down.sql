-- What moderators said of discussions is forgotten.
DROP TABLE article_discussions;
