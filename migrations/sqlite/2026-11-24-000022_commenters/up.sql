-- Why: guests comment too, so who comments is a table of its own; a discussion keeps its shape when a comment goes; what
--      was decided about a comment, by whom or by which rule, is kept beside it.
-- Lock: the table comments, for the length of a copy.
-- Rollback: down.sql forgets guests with what they wrote, decisions and earlier wordings.

-- Who comments: an account, under its own id, or a guest. Once erased it is neither, and has no name.
CREATE TABLE commenters (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES users (id),
    name TEXT,
    email BLOB,
    badge TEXT,
    created_at BIGINT NOT NULL
);
-- «Has this account commented?»
CREATE UNIQUE INDEX commenters_user_id_key ON commenters (user_id);
INSERT INTO commenters (id, user_id, created_at) SELECT author_id, author_id, min(created_at) FROM comments GROUP BY author_id;

CREATE TABLE discussed (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id),
    parent_id BLOB REFERENCES discussed (id),
    depth BIGINT NOT NULL,
    author_id BLOB NOT NULL REFERENCES commenters (id),
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    reply_count BIGINT NOT NULL,
    reason TEXT,
    note TEXT,
    moderated_by BLOB REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    answers_id BLOB REFERENCES discussed (id),
    text_key BLOB NOT NULL,
    origin BLOB,
    listed_count BIGINT NOT NULL,
    is_listed BOOLEAN NOT NULL,
    reaction_count BIGINT NOT NULL,
    report_count BIGINT NOT NULL,
    has_reports BOOLEAN NOT NULL,
    is_reviewed BOOLEAN NOT NULL,
    is_featured BOOLEAN NOT NULL,
    is_pinned BOOLEAN NOT NULL,
    appeal TEXT,
    edited_at BIGINT
);
INSERT INTO discussed (id, article_id, parent_id, depth, author_id, status, text, reply_count, reason, note, moderated_by, version, created_at, updated_at,
    answers_id, text_key, listed_count, is_listed, reaction_count, report_count, has_reports, is_reviewed, is_featured, is_pinned)
SELECT id, article_id, parent_id, depth, author_id, status, text, reply_count, reason, note, moderated_by, version, created_at, updated_at,
    parent_id, unhex(''), 0, FALSE, 0, 0, FALSE, moderated_by IS NOT NULL, FALSE, FALSE FROM comments;
DROP TABLE comments;
ALTER TABLE discussed RENAME TO comments;

-- What answers the deepest comments hangs beside them from now on, below the one that they answer in the end.
UPDATE comments SET parent_id = (
    WITH RECURSIVE above (id, depth, parent_id) AS (
        SELECT parent.id, parent.depth, parent.parent_id FROM comments parent WHERE parent.id = comments.parent_id
        UNION ALL
        SELECT parent.id, parent.depth, parent.parent_id FROM comments parent JOIN above ON parent.id = above.parent_id
    )
    SELECT above.id FROM above WHERE above.depth < 5 ORDER BY above.depth DESC LIMIT 1
) WHERE depth = 5;
UPDATE comments SET reply_count = (
    SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.status = 'published'
);
-- From the deepest up: a comment is listed while it, or something below it, is published.
UPDATE comments SET
    listed_count = (SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed),
    is_listed = status = 'published'
        OR EXISTS (SELECT 1 FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed)
WHERE depth = 5;
UPDATE comments SET
    listed_count = (SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed),
    is_listed = status = 'published'
        OR EXISTS (SELECT 1 FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed)
WHERE depth = 4;
UPDATE comments SET
    listed_count = (SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed),
    is_listed = status = 'published'
        OR EXISTS (SELECT 1 FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed)
WHERE depth = 3;
UPDATE comments SET
    listed_count = (SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed),
    is_listed = status = 'published'
        OR EXISTS (SELECT 1 FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed)
WHERE depth = 2;
UPDATE comments SET
    listed_count = (SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed),
    is_listed = status = 'published'
        OR EXISTS (SELECT 1 FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed)
WHERE depth = 1;
UPDATE comments SET
    listed_count = (SELECT count(*) FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed),
    is_listed = status = 'published'
        OR EXISTS (SELECT 1 FROM comments reply WHERE reply.parent_id = comments.id AND reply.is_listed)
WHERE depth = 0;

-- An article's comments for moderators; what readers are shown of it, by age and by reactions, and the featured and
-- pinned ones.
CREATE INDEX comments_article_id_index ON comments (article_id, created_at, id);
CREATE INDEX comments_parent_id_index ON comments (article_id, parent_id, is_listed, created_at, id);
CREATE INDEX comments_reaction_count_index ON comments (article_id, parent_id, is_listed, reaction_count, id);
CREATE INDEX comments_is_featured_index ON comments (article_id, is_featured, status, created_at, id);
CREATE INDEX comments_is_pinned_index ON comments (article_id, is_pinned, status, created_at, id);
-- «What hangs below this one?»
CREATE INDEX comments_answers_id_index ON comments (answers_id);
CREATE INDEX comments_below_index ON comments (parent_id);
-- The moderators' queues: by status, what nobody has looked at, what is reported, and everything.
CREATE INDEX comments_status_index ON comments (status, created_at, id);
CREATE INDEX comments_is_reviewed_index ON comments (is_reviewed, status, created_at, id);
CREATE INDEX comments_report_count_index ON comments (has_reports, created_at, id);
CREATE INDEX comments_created_at_index ON comments (created_at, id);
-- Somebody's history; how many of theirs are published; how often the same was said lately, and from where.
CREATE INDEX comments_author_id_index ON comments (author_id, created_at, id);
CREATE INDEX comments_author_status_index ON comments (author_id, status);
CREATE INDEX comments_text_key_index ON comments (text_key, created_at);
CREATE INDEX comments_origin_index ON comments (origin, created_at);

-- What was decided about a comment, by whom or by which rule. Nothing is ever changed here.
CREATE TABLE comment_decisions (
    id BLOB NOT NULL PRIMARY KEY,
    comment_id BLOB NOT NULL REFERENCES comments (id),
    actor_id BLOB REFERENCES users (id),
    rule TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    reason TEXT,
    note TEXT,
    spans TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- The decisions about one comment, in order.
CREATE INDEX comment_decisions_comment_id_index ON comment_decisions (comment_id, id);

-- Earlier wordings of a comment, which moderators see.
CREATE TABLE comment_revisions (
    comment_id BLOB NOT NULL REFERENCES comments (id),
    version BIGINT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (comment_id, version)
);
