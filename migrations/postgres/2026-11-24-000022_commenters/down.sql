-- Guests and what they wrote are forgotten; what answered them answers nobody. The new statuses fall back on the old.
DROP TABLE comment_revisions;
DROP TABLE comment_decisions;
CREATE TABLE discussed (
    id BYTEA NOT NULL PRIMARY KEY,
    article_id BYTEA NOT NULL REFERENCES articles (id),
    parent_id BYTEA REFERENCES discussed (id),
    depth BIGINT NOT NULL,
    author_id BYTEA NOT NULL REFERENCES users (id),
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    reply_count BIGINT NOT NULL,
    reason TEXT,
    note TEXT,
    moderated_by BYTEA REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
INSERT INTO discussed (id, article_id, parent_id, depth, author_id, status, text, reply_count, reason, note, moderated_by, version, created_at, updated_at)
SELECT id, article_id, CASE WHEN parent_id IN (SELECT kept.id FROM comments kept JOIN commenters ON commenters.id = kept.author_id
        WHERE commenters.user_id IS NOT NULL) THEN parent_id END, depth, (SELECT user_id FROM commenters WHERE commenters.id = comments.author_id),
    CASE status WHEN 'withheld' THEN 'pending' WHEN 'deleted' THEN 'rejected' ELSE status END,
    text, reply_count, reason, note, moderated_by, version, created_at, updated_at
FROM comments WHERE author_id IN (SELECT id FROM commenters WHERE user_id IS NOT NULL);
DROP TABLE comments;
DROP TABLE commenters;
ALTER TABLE discussed RENAME TO comments;
-- An article's comments for moderators; its roots and the replies to one for readers; the moderators' queues.
CREATE INDEX comments_article_id_index ON comments (article_id, created_at, id);
CREATE INDEX comments_parent_id_index ON comments (article_id, parent_id, status, created_at, id);
CREATE INDEX comments_status_index ON comments (status, created_at, id);
CREATE INDEX comments_created_at_index ON comments (created_at, id);
