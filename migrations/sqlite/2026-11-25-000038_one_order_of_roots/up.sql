-- Why: where nearly all comments are in one discussion, PostgreSQL took its first page from the index of all comments by age,
--      and read whatever was said elsewhere since. Readers' lists now ask for an order that begins with «parent_id», which
--      only the indexes of a discussion have, so the two smaller ones of 000027 serve nothing any more.
-- Lock: the table comments, for a moment.
-- Rollback: down.sql makes them again; nothing is lost.

-- What readers are shown first of a discussion comes from comments_parent_id_index, and by reactions from
-- comments_reaction_count_index.
DROP INDEX comments_roots_index;
DROP INDEX comments_roots_reaction_count_index;
