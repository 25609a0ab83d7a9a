-- Why: readers say with one touch what they think of a comment, and tell moderators of one that should not stand.
-- Lock: the table comments, for the length of an index.
-- Rollback: down.sql forgets reactions and reports, and what was counted of them.

-- One for each reader and kind. The article is that of the comment.
CREATE TABLE comment_reactions (
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    author_id BYTEA NOT NULL REFERENCES commenters (id),
    kind TEXT NOT NULL,
    id BYTEA NOT NULL,
    article_id BYTEA NOT NULL REFERENCES articles (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (comment_id, author_id, kind)
);
-- What somebody has said with one touch, everywhere and below one article.
CREATE INDEX comment_reactions_author_id_index ON comment_reactions (author_id, created_at, id);
CREATE INDEX comment_reactions_article_id_index ON comment_reactions (author_id, article_id, created_at, id);

-- How many there are of each kind, kept in the transaction that changes it.
CREATE TABLE comment_reaction_counts (
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    kind TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (comment_id, kind)
);

-- What readers told moderators of a comment. It is open until one decides.
CREATE TABLE comment_reports (
    id BYTEA NOT NULL PRIMARY KEY,
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    author_id BYTEA NOT NULL REFERENCES commenters (id),
    reason TEXT NOT NULL,
    note TEXT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT
);
-- The reports of one comment, the latest first.
CREATE INDEX comment_reports_comment_id_index ON comment_reports (comment_id, created_at, id);
-- «Has this reader an open report of it?» and, for a decision, which are open.
CREATE UNIQUE INDEX comment_reports_open_key ON comment_reports (comment_id, author_id) WHERE closed_at IS NULL;
-- What somebody has reported.
CREATE INDEX comment_reports_author_id_index ON comment_reports (author_id, created_at);

-- Where comments came from is forgotten after a while: the oldest that is still known.
CREATE INDEX comments_known_origin_index ON comments (created_at) WHERE origin IS NOT NULL;
