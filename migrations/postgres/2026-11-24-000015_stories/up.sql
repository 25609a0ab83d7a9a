-- Why: which articles and alerts belong together is asked of the database: stories, chains of rewrites, translations.
-- Lock: articles, publications and alerts, for as long as it takes to read each row's content once.
-- Rollback: down.sql takes the columns away again; what they hold stands in the content too.

-- What the working copy says, so that chains do not loop and no set has a language twice.
ALTER TABLE articles ADD COLUMN story_id BYTEA;
ALTER TABLE articles ADD COLUMN rewrite_of BYTEA;
ALTER TABLE articles ADD COLUMN translation_of BYTEA;
UPDATE articles SET story_id = decode(replace(content::json ->> 'storyId', '-', ''), 'hex'),
    rewrite_of = decode(replace(content::json ->> 'rewriteOf', '-', ''), 'hex'),
    translation_of = decode(replace(content::json ->> 'translationOf', '-', ''), 'hex');
-- The desk's view of a story.
CREATE INDEX articles_story_id_index ON articles (story_id);
-- «Which translations does it have?»
CREATE INDEX articles_translation_of_index ON articles (translation_of);

-- What the public sees of it.
ALTER TABLE publications ADD COLUMN story_id BYTEA;
ALTER TABLE publications ADD COLUMN rewrite_of BYTEA;
ALTER TABLE publications ADD COLUMN translation_of BYTEA;
UPDATE publications SET story_id = decode(replace(content::json ->> 'storyId', '-', ''), 'hex'),
    rewrite_of = decode(replace(content::json ->> 'rewriteOf', '-', ''), 'hex'),
    translation_of = decode(replace(content::json ->> 'translationOf', '-', ''), 'hex');
-- A story's articles; what an article was rewritten by; the translations of one.
CREATE INDEX publications_story_id_index ON publications (story_id);
CREATE INDEX publications_rewrite_of_index ON publications (rewrite_of);
CREATE INDEX publications_translation_of_index ON publications (translation_of);

ALTER TABLE alerts ADD COLUMN story_id BYTEA;
UPDATE alerts SET story_id = decode(replace(content::json -> 'form' ->> 'storyId', '-', ''), 'hex');
-- A story's alerts.
CREATE INDEX alerts_story_id_index ON alerts (story_id, starts_at);
