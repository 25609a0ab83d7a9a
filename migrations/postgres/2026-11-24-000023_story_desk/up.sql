-- Why: the desk sees a story with what is not public of it, rewrites that are not published yet too.
-- Lock: the table articles, while an index is built.
-- Rollback: down.sql drops the index; nothing is lost.

-- What a working copy was rewritten by.
CREATE INDEX articles_rewrite_of_index ON articles (rewrite_of);
