DROP INDEX comments_known_origin_index;
DROP TABLE comment_reports;
DROP TABLE comment_reaction_counts;
DROP TABLE comment_reactions;
UPDATE comments SET reaction_count = 0, report_count = 0, has_reports = FALSE;
