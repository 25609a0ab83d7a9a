-- Why: from where somebody has signed in is known to every node and after a restart, so that strangers who try their password elsewhere
--      don't shut them out there.
-- Lock: none, the table is new.
-- Rollback: down.sql forgets it.
--
-- A mark is the keyed hash of an address, or of a program, with what somebody signs in with.
CREATE TABLE sign_in_places (
    mark BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    used_at BIGINT NOT NULL
);
-- «Which are somebody's?»
CREATE INDEX sign_in_places_user_id_index ON sign_in_places (user_id);
-- «Which were used long ago?»
CREATE INDEX sign_in_places_used_at_index ON sign_in_places (used_at);
