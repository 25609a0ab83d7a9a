-- Why: articles become public, and stop being so, by the clock; corrections are listed; a killed article says why it is gone.
-- Lock: the table articles for the length of adding empty columns; publications while two indexes are built.
-- Rollback: down.sql takes columns and tables away; what was planned is forgotten, and killed articles answer 404.

-- The revision that becomes public by itself, when it does, and when that ends; the instant and the zone that were asked for.
ALTER TABLE articles ADD COLUMN due_version BIGINT;
ALTER TABLE articles ADD COLUMN due_at BIGINT;
ALTER TABLE articles ADD COLUMN due_ends_at BIGINT;
ALTER TABLE articles ADD COLUMN publish_at BIGINT;
ALTER TABLE articles ADD COLUMN time_zone TEXT;
-- When what is public now ends.
ALTER TABLE articles ADD COLUMN ends_at BIGINT;
-- What is said in the place of a killed article.
ALTER TABLE articles ADD COLUMN notice TEXT;

-- What the clock does to articles: planned, done, or cancelled before it came to it.
CREATE TABLE article_turns (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id),
    version BIGINT NOT NULL,
    action TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    publish_at BIGINT,
    time_zone TEXT,
    outcome TEXT NOT NULL,
    planned_by BLOB NOT NULL REFERENCES users (id),
    planned_at BIGINT NOT NULL,
    told_at BIGINT
);
-- «Whose time has come?»; and the newsroom's lists of what will be and of what was.
CREATE INDEX article_turns_outcome_index ON article_turns (outcome, due_at, id);
-- What is planned for one article.
CREATE INDEX article_turns_article_id_index ON article_turns (article_id, outcome);

-- What was put right in public.
CREATE TABLE corrections (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id),
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- The corrections of the articles on a page, in order.
CREATE INDEX corrections_article_id_index ON corrections (article_id, version);

-- What appeared and disappeared by the clock since an app last asked.
CREATE INDEX publications_visible_from_index ON publications (visible_from);
CREATE INDEX publications_visible_until_index ON publications (visible_until);
