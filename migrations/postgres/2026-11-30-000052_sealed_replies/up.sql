-- Why: a kept answer may hold what nobody is to find in a copy of the database, such as an address, so it is sealed.
-- Lock: replies, briefly.
-- Rollback: down.sql forgets what is kept, as this does: a repetition of a request from before is carried out anew.

DELETE FROM replies;
ALTER TABLE replies DROP COLUMN reply;
-- Nothing while the change is being made.
ALTER TABLE replies ADD COLUMN sealed BYTEA;
