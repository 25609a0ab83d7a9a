-- Why: a node keeps the site and the names of records as it has parsed them, for as long as this mark stays the same.
-- Lock: event_counter, briefly.
-- Rollback: down.sql takes the mark away.
--
-- Nothing before the first change of any of it. Nodes of an older version change them and leave the mark: start all anew.
ALTER TABLE event_counter ADD COLUMN furniture BLOB;
