-- Why: few comments are marked, reported or answers, and few articles given to somebody. Of the rest these indexes kept a row
-- each, which everything new paid for.
-- Lock: comments and articles, while the indexes are made.
-- Rollback: down.sql makes them as they were.

DROP INDEX comments_is_featured_index;
CREATE INDEX comments_is_featured_index ON comments (article_id, status, created_at, id) WHERE is_featured;
DROP INDEX comments_is_pinned_index;
CREATE INDEX comments_is_pinned_index ON comments (article_id, status, created_at, id) WHERE is_pinned;
DROP INDEX comments_report_count_index;
CREATE INDEX comments_report_count_index ON comments (created_at, id) WHERE has_reports;
DROP INDEX comments_answers_id_index;
CREATE INDEX comments_answers_id_index ON comments (answers_id) WHERE answers_id IS NOT NULL;
DROP INDEX comments_below_index;
CREATE INDEX comments_below_index ON comments (parent_id) WHERE parent_id IS NOT NULL;
DROP INDEX articles_assigned_to_index;
CREATE INDEX articles_assigned_to_index ON articles (assigned_to, updated_at, id) WHERE assigned_to IS NOT NULL;
