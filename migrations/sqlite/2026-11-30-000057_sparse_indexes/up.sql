-- Why: few articles belong to others or wait for the clock. Of the rest these indexes kept a row each, which every new article paid for.
-- Lock: articles and publications, while the indexes are made.
-- Rollback: down.sql makes them as they were.

DROP INDEX articles_story_id_index;
CREATE INDEX articles_story_id_index ON articles (story_id) WHERE story_id IS NOT NULL;
DROP INDEX articles_translation_of_index;
CREATE INDEX articles_translation_of_index ON articles (translation_of) WHERE translation_of IS NOT NULL;
DROP INDEX articles_rewrite_of_index;
CREATE INDEX articles_rewrite_of_index ON articles (rewrite_of) WHERE rewrite_of IS NOT NULL;
DROP INDEX articles_due_at_index;
CREATE INDEX articles_due_at_index ON articles (due_at) WHERE due_at IS NOT NULL;
DROP INDEX articles_due_ends_at_index;
CREATE INDEX articles_due_ends_at_index ON articles (due_ends_at) WHERE due_ends_at IS NOT NULL;
DROP INDEX articles_ends_at_index;
CREATE INDEX articles_ends_at_index ON articles (ends_at) WHERE ends_at IS NOT NULL;
DROP INDEX publications_story_id_index;
CREATE INDEX publications_story_id_index ON publications (story_id) WHERE story_id IS NOT NULL;
DROP INDEX publications_rewrite_of_index;
CREATE INDEX publications_rewrite_of_index ON publications (rewrite_of) WHERE rewrite_of IS NOT NULL;
DROP INDEX publications_translation_of_index;
CREATE INDEX publications_translation_of_index ON publications (translation_of) WHERE translation_of IS NOT NULL;
DROP INDEX publications_visible_until_index;
CREATE INDEX publications_visible_until_index ON publications (visible_until) WHERE visible_until IS NOT NULL;
