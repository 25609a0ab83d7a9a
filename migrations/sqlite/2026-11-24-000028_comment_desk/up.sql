-- Why: moderators read what was decided about a comment in order of time, and find the few that are featured or appealed
--      against.
-- Lock: writes to comments and comment_decisions, for the length of a scan each.
-- Rollback: down.sql.

-- What was decided about one comment and noted beside it, the latest first.
DROP INDEX comment_decisions_comment_id_index;
CREATE INDEX comment_decisions_created_at_index ON comment_decisions (comment_id, created_at, id);
-- The moderators' lists of few: what is featured on any article, and where the writer asks to look again.
CREATE INDEX comments_featured_index ON comments (created_at, id) WHERE is_featured;
CREATE INDEX comments_appeal_index ON comments (created_at, id) WHERE appeal IS NOT NULL;
