-- Undoes the first schema, with what it holds.
DROP TABLE replies;
DROP TABLE audit_log;
DROP TABLE events;
DROP TABLE event_counter;
DROP TABLE alert_sources;
DROP TABLE alerts;
DROP TABLE comments;
DROP TABLE publication_links;
DROP TABLE publications;
DROP TABLE revisions;
DROP TABLE article_links;
DROP TABLE articles;
DROP TABLE records;
DROP TABLE site;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE users;
