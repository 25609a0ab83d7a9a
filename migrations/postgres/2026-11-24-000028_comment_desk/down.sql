DROP INDEX comments_appeal_index;
DROP INDEX comments_featured_index;
DROP INDEX comment_decisions_created_at_index;
CREATE INDEX comment_decisions_comment_id_index ON comment_decisions (comment_id, id);
